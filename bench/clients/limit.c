/*
 * What libcurl costs by itself: limit WORKLOAD URL COUNT FILE. It decodes nothing, and prints how many bytes
 * came; of the first events also the median of their delays, in microseconds.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SAY(text) "{\"contents\":[{\"parts\":[{\"text\":\"" text "\"}],\"role\":\"user\"}]}"
#define STREAM    "streamGenerateContent?alt=sse"

/* Of libcurl's buffers for uploads the one with which it costs least. */
enum { UPLOAD_BUFFER = 256 * 1024, VECTORS = 100, DELAYS = 4096 };

static const char *server, *path;
static struct curl_slist *headers;
static long long came;

static void require_ok(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "limit: %s\n", what);
  exit(1);
}

static size_t on_body(char *bytes, size_t unit, size_t n, void *user) {
  (void)bytes;
  (void)user;
  came += (long long)(n * unit);
  return n * unit;
}

static CURL *request(const char *resource) {
  char url[256];
  CURL *easy = curl_easy_init();
  require_ok(easy != NULL, "no memory");
  snprintf(url, sizeof url, "%s/%s", server, resource);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  return easy;
}

static CURL *post(const char *model, const char *method, const char *body) {
  char resource[128];
  snprintf(resource, sizeof resource, "v1beta/models/%s:%s", model, method);
  CURL *easy = request(resource);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  return easy;
}

static void perform(CURL *easy, int count) {
  long status;
  for (int i = 0; i < count; i++) {
    require_ok(curl_easy_perform(easy) == CURLE_OK, "a request failed");
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    require_ok(status == 200, "an answer is an error");
  }
  curl_easy_cleanup(easy);
}

static void unary(int count) {
  perform(post("gemini-2.5-flash", "generateContent", SAY("Why is the sky blue?")), count);
}

static void image(int count) {
  perform(post("gemini-2.5-flash-image", "generateContent", SAY("Paint the sky.")), count);
}

static void stream(int count) {
  char model[64];
  snprintf(model, sizeof model, "events-%d", count);
  perform(post(model, STREAM, SAY("Why is the sky blue?")), 1);
}

static void embeddings(int count) {
  static char body[VECTORS * 160];
  char *end = body;
  for (int i = 1; i <= VECTORS; i++)
    end += sprintf(
        end, "%s{\"model\":\"models/gemini-embedding-001\",\"content\":{\"parts\":[{\"text\":\"Text %d\"}]}}",
        i > 1 ? "," : "{\"requests\":[", i);
  strcpy(end, "]}");
  perform(post("gemini-embedding-001", "batchEmbedContents", body), count);
}

static void take_ended(CURLM *multi, int *ended) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(multi, &left))) {
    CURL *easy = message->easy_handle;
    if (message->msg != CURLMSG_DONE) continue;
    require_ok(message->data.result == CURLE_OK, "a stream failed");
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    ++*ended;
  }
}

static void many(int count) {
  char model[64];
  CURLM *multi = curl_multi_init();
  int ended = 0, running = 1;
  snprintf(model, sizeof model, "together-%d-50", count);
  for (int i = 0; i < count; i++)
    curl_multi_add_handle(multi, post(model, STREAM, SAY("Why is the sky blue?")));
  while (running) {
    curl_multi_perform(multi, &running);
    take_ended(multi, &ended);
    if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  require_ok(ended == count, "a stream is missing");
  curl_multi_cleanup(multi);
}

static size_t on_read(char *room, size_t unit, size_t n, void *file) {
  return fread(room, 1, n * unit, file);
}

/* By one plain PUT. */
static void upload(int count) {
  struct stat file;
  FILE *f = fopen(path, "rb");
  require_ok(f && fstat(fileno(f), &file) == 0, "no file");
  setvbuf(f, NULL, _IONBF, 0);
  headers = curl_slist_append(headers, "Expect:");
  CURL *easy = request("upload/file");
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)file.st_size);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, f);
  perform(easy, count);
  fclose(f);
}

struct delays {
  double list[DELAYS];
  int count;
};

/* Comes once for each of the events: they are small, and sent whole. */
static size_t on_event(char *bytes, size_t unit, size_t n, void *user) {
  static const char before[] = "\"text\": \"";
  struct delays *delays = user;
  struct timespec now;
  const char *text = memmem(bytes, n * unit, before, sizeof before - 1);
  clock_gettime(CLOCK_REALTIME, &now);
  require_ok(text && delays->count < DELAYS, "an event is cut, or too many came");
  char *fraction;
  long seconds = strtol(text + sizeof before - 1, &fraction, 10);
  delays->list[delays->count++] =
      (double)(now.tv_sec - seconds) * 1e6 + (double)(now.tv_nsec - strtol(fraction + 1, NULL, 10)) / 1e3;
  return n * unit;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void first(int count) {
  static struct delays delays;
  CURL *easy = post("clock", STREAM, SAY("Why is the sky blue?"));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_event);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &delays);
  perform(easy, count);
  require_ok(delays.count == count, "an event is missing");
  qsort(delays.list, (size_t)count, sizeof *delays.list, ascending);
  printf("%d %.1f\n", count, delays.list[count / 2]);
}

static void startup(int count) {
  (void)count;
}

static const struct workload {
  const char *name;
  void (*run)(int count);
} workloads[] = {{"startup", startup}, {"unary", unary},           {"stream", stream}, {"many", many},
                 {"first", first},     {"embeddings", embeddings}, {"image", image},   {"upload", upload}};

int main(int argc, char **argv) {
  const struct workload *w = workloads, *end = w + sizeof workloads / sizeof *workloads;
  require_ok(argc == 5, "limit WORKLOAD URL COUNT FILE");
  curl_global_init(CURL_GLOBAL_DEFAULT);
  server = argv[2];
  path = argv[4];
  headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "x-goog-api-key: k");
  while (w < end && strcmp(w->name, argv[1]) != 0)
    w++;
  require_ok(w < end, "no such workload");
  w->run(atoi(argv[3]));
  if (w->run != first) printf("%lld\n", came);
  return 0;
}
