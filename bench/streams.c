/*
 * The client of the stream benchmark on libcurl alone: streams COUNT, the server's URL on stdin. It keeps
 * nothing of what comes. Prints what bench/streams.lua prints.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char body[] = "{\"contents\":[{\"parts\":[{\"text\":\"Tell me a story.\"}],\"role\":\"user\"}]}";
static const char path[] = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";

static CURLM *multi;
static struct curl_slist *headers;
static int begun, complete;

static long memory(const char *name) {
  char line[256];
  long value = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, name, strlen(name)) == 0) value = atol(line + strlen(name));
  if (f) fclose(f);
  return value;
}

/* A stream's private data say whether it has begun. */
static size_t on_body(char *bytes, size_t unit, size_t n, void *user) {
  char *state = NULL;
  (void)bytes;
  curl_easy_getinfo(user, CURLINFO_PRIVATE, &state);
  if (!state) {
    begun++;
    curl_easy_setopt(user, CURLOPT_PRIVATE, "begun");
  }
  return n * unit;
}

static int add(const char *url) {
  CURL *easy = curl_easy_init();
  if (!easy) return 0;
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, easy);
  return curl_multi_add_handle(multi, easy) == CURLM_OK;
}

static void take_ended(void) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(multi, &left))) {
    CURL *easy = message->easy_handle;
    if (message->msg != CURLMSG_DONE) continue;
    complete += message->data.result == CURLE_OK;
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
  }
}

/* Drives all streams until so many have begun and so many have ended. */
static void drive(int beginning, int ending) {
  int running = 1;
  while (running && (begun < beginning || complete < ending)) {
    curl_multi_perform(multi, &running);
    take_ended();
    if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
}

int main(int argc, char **argv) {
  char url[256];
  int count = argc > 1 ? atoi(argv[1]) : 0;
  if (scanf("%127s", url) != 1) return 1;
  strcat(url, path);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "x-goog-api-key: k");
  if (!multi || !headers || !add(url)) return 1;
  drive(1, 1);
  long before = memory("VmRSS:");
  for (int i = 0; i < count; i++)
    if (!add(url)) return 1;
  drive(count + 1, 0);
  long open = memory("VmRSS:");
  printf("live\t%d\n", begun - complete);
  if (!add(url)) return 1;
  drive(count + 2, count + 2);
  printf("complete\t%d\nmemory\t%ld\t%ld\t%ld\n", complete - 2, before, open, memory("VmHWM:"));
  return 0;
}
