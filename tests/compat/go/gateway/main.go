// The gateway program serves REST as a Go master does: by the handlers that grpc-gateway's own plugins
// generate from our protos, in front of a webhookd that it only calls over gRPC.
//
// It is what gateway_compare_test.py compares webhookd's own REST with.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	apiv1 "github.com/determined-ai/determined/proto/pkg/apiv1"
	webhookdv1 "github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
	runtime1 "github.com/grpc-ecosystem/grpc-gateway/runtime"
	runtime2 "github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	apiv1gateway2 "webhookd_compat/gateway2/github.com/determined-ai/determined/proto/pkg/apiv1"
	webhookdv1gateway2 "webhookd_compat/gateway2/github.com/determined-ai/webhookd/client/go/gen/webhookd/v1"
)

const prettyType = "application/json+pretty"

// bodyLimit is above what any row sends, so that it is webhookd's own limit that shows.
const bodyLimit = 64 << 20

func main() {
	backend := flag.String("backend", "", "address of webhookd's gRPC, HOST:PORT")
	profile := flag.String("profile", "determined", "determined (grpc-gateway 1, set up as Determined does) or v2 (grpc-gateway 2)")
	flag.Parse()

	connection, err := grpc.Dial(*backend, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(bodyLimit), grpc.MaxCallSendMsgSize(bodyLimit)))
	if err != nil {
		log.Fatalf("gateway: %v", err)
	}
	newMux := map[string]func(*grpc.ClientConn) (http.Handler, error){"determined": newMux1, "v2": newMux2}[*profile]
	if newMux == nil {
		log.Fatalf("gateway: there is no profile %q", *profile)
	}
	mux, err := newMux(connection)
	if err != nil {
		log.Fatalf("gateway: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatalf("gateway: %v", err)
	}
	fmt.Printf("gateway listening on %s\n", listener.Addr())
	log.Fatal(http.Serve(listener, asDetermined(mux)))
}

// asDetermined does what Determined's master does before a request reaches the gateway.
func asDetermined(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			if cookie, err := r.Cookie("auth"); err == nil {
				r.Header.Set("Authorization", "Bearer "+cookie.Value)
			}
		}
		if _, pretty := r.URL.Query()["pretty"]; pretty {
			r.Header.Set("Accept", prettyType)
		}
		if path := r.URL.Path; len(path) > 1 && strings.HasSuffix(path, "/") {
			r.URL.Path = strings.TrimSuffix(path, "/")
			r.URL.RawPath = strings.TrimSuffix(r.URL.RawPath, "/")
		}
		mux.ServeHTTP(w, r)
	})
}

// newMux1 is grpc-gateway 1 with the options of Determined's master.
func newMux1(connection *grpc.ClientConn) (http.Handler, error) {
	mux := runtime1.NewServeMux(
		runtime1.WithMarshalerOption(prettyType, &runtime1.JSONPb{EmitDefaults: true, Indent: "    "}),
		runtime1.WithMarshalerOption(runtime1.MIMEWildcard, &runtime1.JSONPb{EmitDefaults: true}),
		runtime1.WithProtoErrorHandler(determinedError),
	)
	for _, register := range []func(context.Context, *runtime1.ServeMux, *grpc.ClientConn) error{
		apiv1.RegisterDeterminedHandler,
		webhookdv1.RegisterAdminServiceHandler,
		webhookdv1.RegisterEventServiceHandler,
		webhookdv1.RegisterDeliveryServiceHandler,
	} {
		if err := register(context.Background(), mux, connection); err != nil {
			return nil, err
		}
	}
	return mux, nil
}

// newMux2 is grpc-gateway 2 with its defaults, and `?pretty` beside them.
func newMux2(connection *grpc.ClientConn) (http.Handler, error) {
	mux := runtime2.NewServeMux(
		runtime2.WithMarshalerOption(prettyType, &runtime2.JSONPb{
			MarshalOptions:   protojson.MarshalOptions{EmitUnpopulated: true, Indent: "    "},
			UnmarshalOptions: protojson.UnmarshalOptions{DiscardUnknown: true},
		}),
	)
	for _, register := range []func(context.Context, *runtime2.ServeMux, *grpc.ClientConn) error{
		apiv1gateway2.RegisterDeterminedHandler,
		webhookdv1gateway2.RegisterAdminServiceHandler,
		webhookdv1gateway2.RegisterEventServiceHandler,
		webhookdv1gateway2.RegisterDeliveryServiceHandler,
	} {
		if err := register(context.Background(), mux, connection); err != nil {
			return nil, err
		}
	}
	return mux, nil
}

// determinedError answers errors in the form that Determined's clients read.
func determinedError(_ context.Context, _ *runtime1.ServeMux, marshaler runtime1.Marshaler, w http.ResponseWriter, _ *http.Request, err error) {
	cause := status.Convert(err)
	httpStatus := runtime1.HTTPStatusFromCode(cause.Code())
	code := cause.Code()
	if code == codes.Unknown {
		code = codes.Internal
	}
	w.Header().Set("Content-Type", marshaler.ContentType())
	w.WriteHeader(httpStatus)
	body := map[string]map[string]any{"error": {"code": code, "reason": code.String(), "error": cause.Message()}}
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("gateway: %v", err)
	}
}
