package sqlite

import (
	"syscall"

	"github.com/sqreen/sqreen/localplatform"
)

// networkFileSystems are the magic numbers of statfs(2) of file systems that
// several machines can write: SQLite's write-ahead log needs memory that all
// its users share, and their locks cannot be relied on.
var networkFileSystems = map[int64]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x564c:     "NCP",
	0x5346414f: "AFS",
	0x00c36400: "Ceph",
	0x01021997: "9P",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x7461636f: "OCFS2",
	0x01161970: "GFS2",
	0x19830326: "FhGFS",
}

func checkFileSystem(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return localplatform.Errorf(localplatform.CodeUnavailable, "the data directory cannot be looked at: %w", err)
	}
	return refuseNetwork(dir, int64(fs.Type)) //nolint:unconvert // its type differs between architectures
}

func refuseNetwork(dir string, magic int64) error {
	if name, network := networkFileSystems[magic&0xffffffff]; network {
		return localplatform.Errorf(localplatform.CodeUnavailable, "%s is on a network file system (%s), where SQLite loses data", dir, name).
			WithHint("use a directory on a local disk with --data DIR, or a PostgreSQL server with --store postgres://...")
	}
	return nil
}
