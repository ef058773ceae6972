---What the facts about the messages call required, and the API does not ask for: message → the field that a message in
---it may lack. A batch names its model once, and its requests need not; an update has of a chunk what it changes.
return { InlinedRequest = "model", InlinedEmbedContentRequest = "model", UpdateChunkRequest = "data" }
