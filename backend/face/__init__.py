"""What GraphQL and REST share: how a request is read, who asks, and what their reads and writes run on."""
