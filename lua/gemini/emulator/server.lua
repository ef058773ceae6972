-- The sockets: one listener, one coroutine a connection, one select.
local socket = require "socket"
local connection = require "gemini.emulator.connection"

local Server = {}
Server.__index = Server

local BACKLOG = 128
-- select() holds so many sockets; some descriptors are the process's own.
local MOST_CONNECTIONS = math.min(socket._SETSIZE or 1024, 1024) - 64
-- Ctrl-C is noticed when select() returns.
local LONGEST_WAIT = 0.25

---Opens the listening socket.
---@param host string
---@param port number 0 for any free port
---@param service table see service.new
---@return table? server nil and a message where the address cannot be had
---@return string? problem
function Server.open(host, port, service)
  local listener, err = socket.bind(host, port, BACKLOG)
  if not listener then return nil, ("cannot listen on %s port %d: %s"):format(host, port, err) end
  listener:settimeout(0)
  local _, bound = listener:getsockname()
  local name = host:find(":", 1, true) and "[" .. host .. "]" or host
  local url = ("http://%s:%d"):format(name, tonumber(bound))
  return setmetatable({ url = url, listener = listener, service = service, tasks = {} }, Server)
end

local function resume(task, ready)
  task.event, task.wakeAt = nil, nil
  local ok, event, seconds = coroutine.resume(task.co, ready)
  if ok and coroutine.status(task.co) ~= "dead" then
    task.event, task.wakeAt = event, seconds and socket.gettime() + seconds
    return
  end
  if not ok then io.stderr:write(debug.traceback(task.co, tostring(event)), "\n") end
  task.socket:close()
  task.done = true
end

local function accept(self)
  while #self.tasks < MOST_CONNECTIONS do
    local client = self.listener:accept()
    if not client then return end
    -- select() knows no descriptor beyond these.
    if client:getfd() >= (socket._SETSIZE or 1024) then
      client:close()
      return
    end
    client:settimeout(0)
    client:setoption("tcp-nodelay", true)
    local task = { socket = client, co = coroutine.create(function() connection.serve(client, self.service) end) }
    table.insert(self.tasks, task)
    resume(task)
  end
end

-- What to wait for: sockets to read, sockets to write, and the time of the next alarm.
local function interests(self)
  local readers, writers, alarm = {}, {}, math.huge
  if #self.tasks < MOST_CONNECTIONS then readers[1] = self.listener end
  if self.stopWhenReadable then table.insert(readers, self.stopWhenReadable) end
  for _, task in ipairs(self.tasks) do
    local list = task.event == "r" and readers or task.event == "w" and writers
    if list then table.insert(list, task.socket) end
    if task.wakeAt then alarm = math.min(alarm, task.wakeAt) end
  end
  return readers, writers, alarm
end

local function resumeDue(self, readable, writable)
  local now, alive = socket.gettime(), {}
  for _, task in ipairs(self.tasks) do
    local ready = (task.event == "r" and readable[task.socket]) or (task.event == "w" and writable[task.socket])
    if ready or (task.wakeAt and task.wakeAt <= now) then resume(task, ready and true) end
    if not task.done then table.insert(alive, task) end
  end
  self.tasks = alive
end

---Serves what is ready, and waits for it at most so long.
---@param seconds number? default 0
function Server:step(seconds)
  if not self.listener then return end
  local readers, writers, alarm = interests(self)
  local wait = math.max(0, math.min(seconds or 0, alarm - socket.gettime()))
  local readable, writable = socket.select(readers, writers, wait)
  if self.stopWhenReadable and readable[self.stopWhenReadable] then return self:close() end
  resumeDue(self, readable, writable)
  if readable[self.listener] then accept(self) end
end

---Serves until the server is closed.
function Server:run()
  while self.listener do self:step(LONGEST_WAIT) end
end

---Forgets all that requests have created, as a POST to /emulator:reset does.
function Server:reset() self.service.forget() end

---Says how requests to come shall fail, as a POST to /emulator:fail does. Raises where a fault is none.
---@param faults gemini.emulator.Fault[] in the place of those before; an empty list ends them
function Server:fail(faults)
  local problem = self.service.fail(faults)
  if problem then error("gemini.emulator: " .. problem, 2) end
end

---Closes the listener and every connection. A second call does nothing.
function Server:close()
  if not self.listener then return end
  for _, task in ipairs(self.tasks) do task.socket:close() end
  self.listener:close()
  self.listener, self.tasks = nil, {}
end

return Server
