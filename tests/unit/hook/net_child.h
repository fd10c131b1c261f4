/* SPDX-License-Identifier: MIT */
#ifndef NET_CHILD_H
#define NET_CHILD_H

/* What the children of this test are from now on; serve_parent until somebody says otherwise. Returns an exit code. */
extern int (*net_child)(int channel);

#endif
