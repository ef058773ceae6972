/*
 * measure FIXTURE COMMAND…    runs the command beside a server of its own, whose address stands for the
 * argument URL
 *
 * After what the command prints, a line of its user and system seconds, its children's included, its peak
 * memory in kB (the largest process's), and the server's CPU seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Neither end of the server's pipes is to be inherited by the command: the server ends with the last of its
 * stdin. */
static FILE *start_server(char *program, int *input) {
  int in[2], out[2];
  if (pipe(in) != 0 || pipe(out) != 0) return NULL;
  pid_t child = fork();
  if (child == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
    execl(program, program, (char *)NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  *input = in[1];
  return child < 0 ? NULL : fdopen(out[0], "r");
}

static int run(char **command, struct rusage *used) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    closefrom(3);
    execvp(command[0], command);
    _exit(127);
  }
  return child > 0 && wait4(child, &status, 0, used) == child && status == 0;
}

int main(int argc, char **argv) {
  char url[64];
  int input, port;
  double server;
  struct rusage used;
  FILE *output = argc > 2 ? start_server(argv[1], &input) : NULL;
  if (!output || fscanf(output, "%d", &port) != 1) return 2;
  snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
  for (int i = 2; i < argc; i++)
    if (strcmp(argv[i], "URL") == 0) argv[i] = url;
  int ok = run(argv + 2, &used);
  close(input);
  if (fscanf(output, "%lf", &server) != 1 || !ok) return 1;
  printf("%.6f %.6f %ld %.6f\n", seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss, server);
  return 0;
}
