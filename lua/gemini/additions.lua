---Methods of our own beside those of the REST reference: resource → method → row.
---
---as          the REST method that it is another name of
---with        what its row has other than that one's
---does        what it does, in words
---module      carries it out: its `call(client, args, call)` gives what the method gives, or nil and the error, or nil
---            and what is wrong with the arguments, as a text
---arguments   what it takes, with their types for language servers
---positional  it takes them by their places, and not as one table; its module's `call` gets them behind the client
---reply       the message that it gives
---gives       what it gives that is no message, in words
---type        the same for language servers
return {
  batches = {
    map = {
      module = "gemini.batch.map",
      does = "calls `fn` for each item, as `gemini.map` does; what `fn` asks of models goes in batches",
      positional = true,
      arguments = {
        { name = "list", kind = "any[]", required = true },
        { name = "fn", kind = "(fun(item: any, place: integer): any)", required = true },
        { name = "options", kind = "gemini.BatchMapOptions" },
      },
      gives = "`results, errors`",
      type = "any[], table<integer, gemini.Error>",
    },
    run = {
      module = "gemini.batch.run",
      does = "makes a batch, waits for it, and gives its results, each with the key of its request",
      arguments = {
        { name = "displayName", kind = "string" },
        { name = "interval", kind = "number" },
        { name = "key", kind = "fun(request: table, place: integer): string" },
        { name = "maxInlineSize", kind = "integer" },
        { name = "model", kind = "string" },
        { name = "name", kind = "string|string[]" },
        { name = "onProgress", kind = "fun(operation: gemini.Operation)" },
        { name = "requests", kind = "table[]" },
        { name = "retryFailed", kind = "integer" },
        { name = "stallTimeout", kind = "number" },
        { name = "timeout", kind = "number" },
      },
      gives = "an iterator over keys and results",
      type = "gemini.BatchRun",
    },
  },
  cachedContents = {
    ensure = {
      module = "gemini.ensure",
      does = "finds the cache of just this, and renews it, or makes it",
      arguments = {
        { name = "model", kind = "string", required = true },
        { name = "contents", kind = "gemini.ContentsLike" },
        { name = "key", kind = "string" },
        { name = "systemInstruction", kind = "gemini.ContentLike" },
        { name = "toolConfig", kind = "gemini.ToolConfig" },
        { name = "tools", kind = "gemini.Tool[]" },
        { name = "ttl", kind = "number|gemini.Duration" },
      },
      reply = "CachedContent",
    },
  },
  files = {
    upload = { as = "media.upload", with = { upload = "required" } },
    waitActive = {
      module = "gemini.active",
      does = "asks for the file until it can be used",
      arguments = {
        { name = "name", kind = "string", required = true },
        { name = "interval", kind = "number" },
        { name = "onProgress", kind = "fun(file: gemini.File)" },
        { name = "timeout", kind = "number" },
      },
      reply = "File",
    },
  },
  interactions = {
    run = {
      module = "gemini.interactionrun",
      does = "`create`, until nothing more is needed: carries out the functions that come with its tools, and looks by "
        .. "`get` where that takes long; with `id` it goes on with one that is there",
      arguments = {
        { name = "agent", kind = "string" },
        { name = "id", kind = "string" },
        { name = "input", kind = "string|table" },
        { name = "interval", kind = "number" },
        { name = "maxToolRounds", kind = "integer" },
        { name = "model", kind = "string" },
        { name = "onProgress", kind = "fun(interaction: gemini.Interaction)" },
        { name = "onToolCall", kind = "gemini.ToolHook" },
        { name = "stream", kind = "boolean" },
        { name = "timeout", kind = "number" },
        { name = "toolTimeout", kind = "number" },
        { name = "tools", kind = "table[]" },
      },
      body = "CreateInteractionRequest",
      reply = "Interaction",
      stream = "stream",
    },
  },
  models = {
    embedMany = {
      module = "gemini.embedmany",
      does = "embeds any number of texts, several requests at once, and gives the embeddings in their order",
      arguments = {
        { name = "model", kind = "string", required = true },
        { name = "texts", kind = "string[]", required = true },
        { name = "batchSize", kind = "integer" },
        { name = "concurrency", kind = "integer" },
        { name = "onProgress", kind = "fun(done: integer, total: integer)" },
        { name = "outputDimensionality", kind = "integer" },
        { name = "packed", kind = "boolean" },
        { name = "taskType", kind = "gemini.TaskType" },
        { name = "title", kind = "string" },
      },
      gives = "a list of embeddings",
      type = "(number[]|gemini.Vector)[]?, gemini.Error?",
    },
  },
}
