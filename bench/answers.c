#include "answers.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COMMON                                                                                               \
  "HTTP/1.1 200 OK\r\nVary: Origin\r\nVary: X-Origin\r\nVary: Referer\r\n"                                   \
  "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: scaffolding on HTTPServer2\r\nX-XSS-Protection: 0\r\n"     \
  "X-Frame-Options: SAMEORIGIN\r\nX-Content-Type-Options: nosniff\r\nServer-Timing: gfet4t7; dur=400\r\n"
#define JSON   COMMON "Content-Type: application/json; charset=UTF-8\r\nContent-Length: %zu\r\n\r\n"
#define STREAM COMMON "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

static const char text[] =
    "{\n  \"candidates\": [\n    {\n      \"content\": {\n        \"parts\": [\n          {\n"
    "            \"text\": \"%s\"\n          }\n        ],\n        \"role\": \"model\"\n      },\n"
    "      \"finishReason\": \"STOP\",\n      \"index\": 0\n    }\n  ],\n  \"usageMetadata\": {\n"
    "    \"promptTokenCount\": 18,\n    \"candidatesTokenCount\": 45,\n    \"totalTokenCount\": 63,\n"
    "    \"promptTokensDetails\": [\n      {\n        \"modality\": \"TEXT\",\n        \"tokenCount\": 18\n"
    "      }\n    ]\n  },\n  \"modelVersion\": \"gemini-2.5-flash\",\n"
    "  \"responseId\": \"9KzvaPeUCPqV_uMPq-7nwQI\"\n}\n";

static const char event[] =
    "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"%s\"}],\"role\": "
    "\"model\"},%s\"index\": 0}],"
    "\"usageMetadata\": {\"promptTokenCount\": 18,\"candidatesTokenCount\": %d,\"totalTokenCount\": %d,"
    "\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 18}]},"
    "\"modelVersion\": \"gemini-2.5-flash\",\"responseId\": \"9KzvaPeUCPqV_uMPq-7nwQI\"}\r\n\r\n";

static const char image_begin[] =
    "{\n  \"candidates\": [\n    {\n      \"content\": {\n        \"parts\": [\n          {\n"
    "            \"inlineData\": {\n              \"mimeType\": \"image/png\",\n              \"data\": \"";
static const char image_end[] =
    "\"\n            }\n          }\n        ],\n        \"role\": \"model\"\n      },\n"
    "      \"finishReason\": \"STOP\",\n      \"index\": 0\n    }\n  ],\n  \"usageMetadata\": {\n"
    "    \"promptTokenCount\": 18,\n    \"candidatesTokenCount\": 1290,\n    \"totalTokenCount\": 1308\n  "
    "},\n"
    "  \"modelVersion\": \"gemini-2.5-flash-image\",\n  \"responseId\": \"9KzvaPeUCPqV_uMPq-7nwQI\"\n}\n";

static const char words[] =
    "Air scatters short waves more than long ones, and so the blue of the "
    "light comes from everywhere. At dusk its way through the air is longer, what is left of it is red, and "
    "that is why the sun is red when it sets; the sky of Mars has it the other way round.";

/* As many different events as a cycle has: enough that none is like the one before. */
enum { CYCLE = 64 };

/* Floats to choose from: to print each anew would take as long as what is measured. */
enum { POOL = 8192 };

struct bytes {
  char *at;
  size_t size, room;
};

static struct bytes texts, images, embeddings, events, sessions;
static uint32_t seed = 1;

static void add(struct bytes *b, const char *bytes, size_t size) {
  if (b->size + size > b->room) b->at = realloc(b->at, b->room = 2 * (b->size + size));
  memcpy(b->at + b->size, bytes, size);
  b->size += size;
}

__attribute__((format(printf, 2, 3))) static void add_f(struct bytes *b, const char *format, ...) {
  char line[2048];
  va_list values;
  va_start(values, format);
  int size = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  add(b, line, (size_t)size);
}

static uint32_t next_random(void) {
  seed = seed * 1664525 + 1013904223;
  return seed >> 8;
}

static struct bytes with_head(struct bytes body) {
  struct bytes whole = {0};
  add_f(&whole, JSON, body.size);
  add(&whole, body.at, body.size);
  free(body.at);
  return whole;
}

/* A text that brings what is around it to a size; each number has one of its own. */
static const char *filling(char *room, int number, int size) {
  int head = sprintf(room, "%02d.\\n", number);
  sprintf(room + head, "%.*s", size - head, words);
  return room;
}

static void make_text(void) {
  char room[2 * sizeof words];
  struct bytes body = {0};
  add_f(&body, text, filling(room, 1, TEXT_SIZE - (int)(sizeof text - 1 - 2)));
  texts = with_head(body);
}

static void make_image(void) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  struct bytes body = {0};
  add(&body, image_begin, sizeof image_begin - 1);
  for (int i = 0; i < IMAGE_SIZE; i++)
    add(&body, digits + next_random() % 64, 1);
  add(&body, image_end, sizeof image_end - 1);
  images = with_head(body);
}

/* With as many digits as tell a float from its neighbours. */
static void add_float(struct bytes *b, float value) {
  char digits[32];
  for (int precision = 6; precision <= 9; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
    if (strtof(digits, NULL) == value) break;
  }
  add(b, digits, strlen(digits));
}

/* Of a normal distribution, with the deviation of a unit vector's elements. */
static float random_element(void) {
  double sum = -6;
  for (int i = 0; i < 12; i++)
    sum += next_random() / 16777216.0;
  return (float)(sum / sqrt(DIMENSIONS));
}

static void make_embeddings(void) {
  struct bytes body = {0}, pool[POOL] = {{0}};
  for (int i = 0; i < POOL; i++)
    add_float(&pool[i], random_element());
  for (int i = 0; i < VECTORS; i++) {
    add_f(&body, "%s{\"values\":[", i ? "," : "{\"embeddings\":[");
    for (int j = 0; j < DIMENSIONS; j++) {
      const struct bytes *element = &pool[next_random() % POOL];
      if (j) add(&body, ",", 1);
      add(&body, element->at, element->size);
    }
    add(&body, "]}", 2);
  }
  add(&body, "]}", 2);
  embeddings = with_head(body);
}

/* One event in a chunk of HTTP's. */
static void add_event(struct bytes *b, int number, const char *reason) {
  char room[2 * sizeof words];
  int tokens = 10 + number, empty = snprintf(NULL, 0, event, "", reason, tokens, 18 + tokens);
  add_f(b, "%x\r\n", EVENT_SIZE);
  add_f(b, event, filling(room, number, EVENT_SIZE - empty), reason, tokens, 18 + tokens);
  add(b, "\r\n", 2);
}

/* A cycle of events, then the last one with the end of the body. */
static void make_events(void) {
  for (int i = 0; i < CYCLE; i++)
    add_event(&events, i, "");
  add_event(&events, CYCLE, "\"finishReason\": \"STOP\",");
  add(&events, "0\r\n\r\n", 5);
}

/* What begins an upload: some clients need the whole URL. */
static void make_session(int port) {
  add_f(&sessions,
        COMMON "X-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: http://127.0.0.1:%d/upload/session\r\n"
               "X-Goog-Upload-Chunk-Granularity: 8388608\r\nContent-Length: 0\r\n\r\n",
        port);
}

void answers_make(int port) {
  make_session(port);
  make_text();
  make_image();
  make_embeddings();
  make_events();
}

static struct answer whole(const char *bytes, size_t size) {
  return (struct answer){.head = bytes, .head_size = size};
}

struct answer answer_text(void) {
  return whole(texts.at, texts.size);
}

struct answer answer_image(void) {
  return whole(images.at, images.size);
}

struct answer answer_embeddings(void) {
  return whole(embeddings.at, embeddings.size);
}

struct answer answer_begin(void) {
  return whole(STREAM, sizeof STREAM - 1);
}

struct answer answer_events(long long count) {
  struct answer a = answer_begin();
  size_t framed = (events.size - 5) / (CYCLE + 1);
  a.cycle = events.at;
  a.cycle_size = CYCLE * framed;
  a.cycled = (count - 1) * (long long)framed;
  a.step = framed;
  a.tail = events.at + a.cycle_size;
  a.tail_size = events.size - a.cycle_size;
  return a;
}

struct answer answer_clock(void) {
  static char bytes[1024];
  char stamp[64];
  struct timespec now;
  int size = snprintf(NULL, 0, event, "0000000000.000000000", "\"finishReason\": \"STOP\",", 10, 28);
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(stamp, sizeof stamp, "%010ld.%09ld", (long)now.tv_sec, now.tv_nsec);
  int head = snprintf(bytes, sizeof bytes, "%x\r\n", size);
  int end = snprintf(bytes + head, sizeof bytes - (size_t)head, event, stamp, "\"finishReason\": \"STOP\",",
                     10, 28);
  memcpy(bytes + head + end, "\r\n0\r\n\r\n", 7);
  return whole(bytes, (size_t)(head + end) + 7);
}

static struct answer answer_file(long long size) {
  static char bytes[1024];
  char body[128];
  int length = sprintf(
      body, "{\"file\": {\"name\": \"files/a\", \"state\": \"ACTIVE\", \"sizeBytes\": \"%lld\"}}", size);
  length = sprintf(bytes,
                   COMMON "X-Goog-Upload-Status: final\r\nContent-Type: application/json\r\n"
                          "Content-Length: %d\r\n\r\n%s",
                   length, body);
  return whole(bytes, (size_t)length);
}

struct answer answer_upload(const char *command, long long uploaded) {
  static const char plain[] = COMMON "Content-Length: 0\r\n\r\n";
  static const char active[] = COMMON "X-Goog-Upload-Status: active\r\nContent-Length: 0\r\n\r\n";
  if (!command) return whole(plain, sizeof plain - 1);
  if (strncmp(command, "start", 5) == 0) return whole(sessions.at, sessions.size);
  if (strncmp(command, "upload, finalize", 16) == 0) return answer_file(uploaded);
  return whole(active, sizeof active - 1);
}
