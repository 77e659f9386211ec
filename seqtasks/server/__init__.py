"""The embedded model server: TF Serving's REST and gRPC interfaces for development and small deployments."""
