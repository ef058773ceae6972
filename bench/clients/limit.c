/*
 * What libcurl costs by itself: limit WORKLOAD URL COUNT [FILE]. It decodes nothing, and prints how many
 * bytes came; of the first events their delay as well.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAY(text) "{\"contents\":[{\"parts\":[{\"text\":\"" text "\"}],\"role\":\"user\"}]}"

/* Of libcurl's buffers for uploads the one with which it costs least. */
enum { UPLOAD_BUFFER = 256 * 1024, AT_MOST = 4096 };

static const char *server;
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

static CURL *request(const char *method, const char *model, const char *body) {
  char url[256];
  CURL *easy = curl_easy_init();
  require_ok(easy != NULL, "no memory");
  snprintf(url, sizeof url, "%s/v1beta/models/%s:%s", server, model, method);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
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
  perform(request("generateContent", "gemini-2.5-flash", SAY("Why is the sky blue?")), count);
}

static void image(int count) {
  perform(request("generateContent", "gemini-2.5-flash-image", SAY("Paint the sky.")), count);
}

static void stream(int count) {
  char model[64];
  snprintf(model, sizeof model, "events-%d", count);
  perform(request("streamGenerateContent?alt=sse", model, SAY("Why is the sky blue?")), 1);
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
    curl_multi_add_handle(multi,
                          request("streamGenerateContent?alt=sse", model, SAY("Why is the sky blue?")));
  while (running) {
    curl_multi_perform(multi, &running);
    take_ended(multi, &ended);
    if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  require_ok(ended == count, "a stream is missing");
  curl_multi_cleanup(multi);
}

static const struct workload {
  const char *name;
  void (*run)(int count);
} workloads[] = {{"unary", unary}, {"stream", stream}, {"many", many}, {"image", image}};

int main(int argc, char **argv) {
  const struct workload *w = workloads, *end = w + sizeof workloads / sizeof *workloads;
  require_ok(argc >= 4, "limit WORKLOAD URL COUNT [FILE]");
  curl_global_init(CURL_GLOBAL_DEFAULT);
  server = argv[2];
  headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "x-goog-api-key: k");
  while (w < end && strcmp(w->name, argv[1]) != 0)
    w++;
  require_ok(w < end, "no such workload");
  w->run(atoi(argv[3]));
  printf("%lld\n", came);
  return 0;
}
