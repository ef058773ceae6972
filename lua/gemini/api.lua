---The API as data: resource → method → row. One engine (gemini.request and its callers) carries all rows out.
---
---verb, path   `{variable=collection/*}` is filled from the arguments; `|` parts alternatives, of which the first
---             completes a bare name
---query        the arguments that travel in the query
---fixed        what every call has in its query
---body         the message that takes the remaining arguments; a row without one refuses them
---reply        the message that comes back
---items        a list's field of items: the call returns a pager
---stream       the call returns a stream of replies

local page = { "pageSize", "pageToken" }

return {
  models = {
    get = { verb = "GET", path = "{name=models/*}", reply = "Model" },
    list = { verb = "GET", path = "models", query = page, reply = "ListModelsResponse", items = "models" },
    countTokens = {
      verb = "POST",
      path = "{model=models/*}:countTokens",
      body = "CountTokensRequest",
      reply = "CountTokensResponse",
    },
    generateContent = {
      verb = "POST",
      path = "{model=models/*|tunedModels/*}:generateContent",
      body = "GenerateContentRequest",
      reply = "GenerateContentResponse",
    },
    streamGenerateContent = {
      verb = "POST",
      path = "{model=models/*|tunedModels/*}:streamGenerateContent",
      fixed = "alt=sse",
      body = "GenerateContentRequest",
      reply = "GenerateContentResponse",
      stream = true,
    },
  },
}
