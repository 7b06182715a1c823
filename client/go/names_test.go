package webhookd_test

import (
	"strings"
	"testing"

	apiv1 "github.com/determined-ai/webhookd/client/go/gen/determined/api/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A Determined master has these names for itself, and a second file or message of a name ends a Go
// program when it starts.
func TestGeneratedCodeTakesNoNameOfDetermined(t *testing.T) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(file.Path(), "determined/") || strings.HasPrefix(string(file.Package()), "determined.") {
			t.Errorf("%s has package %s", file.Path(), file.Package())
		}
		return true
	})
}

// What is called on the wire is Determined's service all the same.
func TestServiceHasDeterminedsNameOnTheWire(t *testing.T) {
	if name := apiv1.Determined_ServiceDesc.ServiceName; name != "determined.api.v1.Determined" {
		t.Error(name)
	}
	if method := apiv1.Determined_GetMaster_FullMethodName; method != "/determined.api.v1.Determined/GetMaster" {
		t.Error(method)
	}
}
