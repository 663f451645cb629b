/* serve_hub FOLDER: serves the files of a folder as acme/tiny and prints "PORT OTHER_PORT"; ends with its parent. */
#include "tests/cli/hub_service.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static hub_item read_item(const char *folder, const char *name) {
  char path[1024];
  struct stat facts;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file || fstat(fileno(file), &facts) != 0)
    abort();
  size_t size = (size_t)facts.st_size;
  uint8_t *bytes = malloc(size + 1);
  if (fread(bytes, 1, size, file) != size)
    abort();
  fclose(file);
  return (hub_item){.path = strdup(name), .bytes = bytes, .size = size};
}

int main(int argc, char **argv) {
  hub_item items[64];
  size_t n = 0;
  DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
  if (!folder)
    return 2;
  for (struct dirent *entry; n < 64 && (entry = readdir(folder));)
    if (entry->d_name[0] != '.')
      items[n++] = read_item(argv[1], entry->d_name);
  closedir(folder);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  hub_service *service = hub_service_start(items, n);
  printf("%d %d\n", service->port, service->other_port);
  fclose(stdout);
  waitpid(service->process, NULL, 0);
  return 0;
}
