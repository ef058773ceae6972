---The init.lua of a Neovim that a spec runs: types keys, looks at what comes of them, and writes that down as JSON.
-- luacheck: globals vim

local SCRIPT, RESULT = os.getenv "NEOVIM_SCRIPT", os.getenv "NEOVIM_RESULT"

vim.opt.runtimepath:prepend "examples/neovim"
vim.opt.swapfile = false

local driver = {}

---Types, as a person does: nothing of it is handled before the script waits.
function driver.keys(text) vim.api.nvim_input(text) end

---Lets Neovim go on until something is so.
function driver.await(what, done)
  local deadline = vim.loop.hrtime() + 20e9
  repeat
    vim.defer_fn(driver.resume, 5)
    coroutine.yield()
    assert(vim.loop.hrtime() < deadline, "in vain: " .. what)
  until done()
end

function driver.text(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer or 0, 0, -1, false), "\n")
end

---The buffer of the conversation; nil where there is none.
function driver.pane()
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(buffer):find "%[Gemini %d+%]$" and vim.api.nvim_buf_is_loaded(buffer) then return buffer end
  end
end

---Waits until the conversation shows a text, and gives all of it.
function driver.sees(text)
  local function shown() return driver.pane() and driver.text(driver.pane()) or "" end
  local ok, problem = pcall(driver.await, text, function() return shown():find(text, 1, true) end)
  assert(ok, ("%s in %q"):format(tostring(problem), shown()))
  return shown()
end

---Asks, and waits for a text in what comes of it.
function driver.ask(command, text)
  driver.keys((":%s<CR>"):format(command))
  return driver.sees(text)
end

function driver.messages() return vim.fn.execute "messages" end

-- Everything that a person could see, for the spec to look for the key in it.
local function everything()
  local out = { driver.messages() }
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do out[#out + 1] = driver.text(buffer) end
  return table.concat(out, "\n")
end

function driver.write(value, problem)
  local file = assert(io.open(RESULT, "w"))
  file:write(vim.json.encode { value = value, problem = problem, seen = everything() })
  file:close()
end

local function main()
  local chunk = assert(loadfile(SCRIPT))
  local ok, value = xpcall(chunk, debug.traceback, driver)
  driver.write(ok and value or nil, not ok and value or nil)
  vim.cmd "qall!"
end

local script = coroutine.create(main)

function driver.resume()
  local ok, problem = coroutine.resume(script)
  if not ok then
    io.stderr:write(debug.traceback(script, tostring(problem)), "\n")
    vim.cmd "cquit"
  end
end

vim.api.nvim_create_autocmd("VimEnter", { callback = function() vim.schedule(driver.resume) end })
