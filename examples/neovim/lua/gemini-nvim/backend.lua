-- What speaks to the API: the client, and its sockets in Neovim's loop.
local options = require "gemini-nvim.options"
local rock = require "gemini-nvim.rock"

local backend = {}

local client, detach

local function must(value, problem)
  return value or error(problem, 0)
end

---@return table gemini  the module; raises where it is not found
function backend.module()
  rock.use(options.current.rocks)
  return must(rock.load "gemini")
end

---@return gemini.Client  raises where its options are wrong or no key is found
function backend.client()
  if client then return client end
  local given = options.current.client
  client = backend.module().new(type(given) == "function" and given() or given)
  return client
end

---Forgets the client: the options have changed.
function backend.reset()
  client = nil
end

---From now on tasks go on while Neovim waits for keys. Another plugin may have attached Neovim's loop already.
function backend.attach()
  if backend.module().loop.isAttached() then return end
  detach = must(rock.load "gemini.loop.uv").attach(vim.uv or vim.loop)
end

---Gives the sockets back, before Neovim ends.
function backend.detach()
  if detach then detach() end
  detach = nil
end

---Asks, and hands on the text of the answer as it comes. To be called in a task.
---@param contents table[]
---@param onText fun(text: string)
---@return gemini.Reply? reply  the whole
---@return gemini.Error? err
function backend.stream(contents, onText)
  local stream = backend.client().models:streamGenerateContent {
    model = options.current.model, systemInstruction = options.current.system, contents = contents,
  }
  while true do
    local chunk, err = stream:next()
    if err then return nil, err end
    if not chunk then return stream:collect() end
    local ok, problem = pcall(onText, chunk.text)
    if not ok then
      stream:close()
      error(problem, 0)
    end
  end
end

return backend
