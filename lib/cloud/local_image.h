/*
 * local_image - a volume as a sparse file with a file system inside, mounted
 * through a loop device in the mount namespace of whoever calls.  The loop
 * device is the mount's alone and goes away with it.
 */
#ifndef LIB_CLOUD_LOCAL_IMAGE_H
#define LIB_CLOUD_LOCAL_IMAGE_H

#include "lib/cloud/local.h"

/* Why images of this file system do not work here; NULL: they do.  Cheap. */
const char	*image_unfit(struct op *, enum local_fs);

/* nosuid, nodev, noexec, noatime. */
enum err	 image_mount(struct op *, const char *image, const char *where);

/*
 * A new image of this size with a copy of the tree inside.  scratch is an
 * empty directory of the caller's, used as mount point.
 */
struct image { const char *path, *tree, *scratch; enum local_fs fs; int gb; };
enum err	 image_make(struct op *, const struct image *);

/*
 * To at least this size, each as often as one likes: the file; then, where it
 * is mounted, its loop device and the file system inside.  apart mounts it at
 * an empty directory for that, in a namespace that ends with it.
 */
enum err	 image_extend(struct op *, const char *image, int gb);
enum err	 image_grow(struct op *, const char *image, const char *where,
		    int gb);
enum err	 image_grow_apart(struct op *, const char *image,
		    const char *scratch, int gb);

/* Is a loop device still backed by this file? */
bool		 image_attached(struct op *, const char *image);
/* Instances under this directory that a loop device is backed by. */
void		 image_list(struct local_ids *, const char *instances);

#endif
