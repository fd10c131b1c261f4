/* SPDX-License-Identifier: MIT
 *
 * nolock PROGRAM [ARGUMENT...]: runs it where mlock(2) is refused, as under the filter of a container.
 */
#include "../unit/lib/nolock.h"

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 2 || !refuse_mlock()) {
        perror("nolock");
        return 70;
    }
    (void)execvp(argv[1], argv + 1); /* it returns only where it failed */
    perror(argv[1]);
    return 127;
}
