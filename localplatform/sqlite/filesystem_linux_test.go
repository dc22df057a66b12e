package sqlite

import (
	"testing"

	"github.com/sqreen/sqreen/localplatform"
)

func TestNetworkFileSystemsAreRefused(t *testing.T) {
	for magic, name := range networkFileSystems {
		if magic != magic&0xffffffff {
			t.Errorf("the number of %s has more than 32 bits", name)
		}
		// Some architectures give the number as a negative one.
		for _, m := range []int64{magic, int64(int32(uint32(magic)))} {
			err := refuseNetwork("/data", m)
			if localplatform.ErrorCode(err) != localplatform.CodeUnavailable || localplatform.ErrorHint(err) == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, magic := range map[string]int64{"ext4": 0xef53, "tmpfs": 0x01021994, "btrfs": 0x9123683e, "xfs": 0x58465342, "overlayfs": 0x794c7630} {
		if err := refuseNetwork("/data", magic); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkFileSystem(t.TempDir()); err != nil {
		t.Errorf("a temporary directory: %v", err)
	}
}
