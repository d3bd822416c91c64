package daemon

import "io/fs"

// inode is always 0: a file that is replaced has another time of change.
func inode(fs.FileInfo) uint64 { return 0 }
