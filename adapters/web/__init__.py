"""Link pages, web chat, webhooks, health and metrics, over HTTP."""
