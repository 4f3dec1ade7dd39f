#include "cli/cli.h"
int sub_run(int argc, char **argv){(void)argc;(void)argv;return 0;}
