---Methods of our own beside those of the REST reference: resource → method → row.
---
---as         the REST method that it is another name of
---with       what its row has other than that one's
---does       what it does, in words
---module     carries it out: its `call(client, args, call)` gives what the method gives, or nil and the error, or nil
---           and what is wrong with the arguments, as a text
---arguments  what it takes, with their types for language servers
---reply      the message that it gives
return {
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
}
