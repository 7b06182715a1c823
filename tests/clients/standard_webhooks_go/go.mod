module github.com/determined-ai/webhookd/tests/clients/standard_webhooks_go

go 1.21.0

require github.com/standard-webhooks/standard-webhooks/libraries v0.0.1
