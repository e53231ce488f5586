"""comet_async: an asyncio-native client for the Comet ML REST API."""
