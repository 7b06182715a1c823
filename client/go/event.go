package webhookd

import (
	"fmt"

	webhookdv1 "github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// ParseEvent reads the body of a webhook of type Default. Verify it first. Fields that this version does
// not know are passed over.
func ParseEvent(body []byte) (*webhookdv1.Event, error) {
	event := &webhookdv1.Event{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, event); err != nil {
		return nil, fmt.Errorf("the body is not an event: %w", err)
	}
	return event, nil
}
