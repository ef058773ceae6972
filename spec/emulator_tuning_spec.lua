local check = require "gemini.emulator.check"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local gemini = require "gemini"

local OPERATION = "google.longrunning.Operation"
local BASE = "models/gemini-2.5-flash"

local function examples(count)
  local list = {}
  for i = 1, count do list[i] = { textInput = ("%d"):format(i), output = ("%d"):format(i + 1) } end
  return { examples = { examples = list } }
end

describe("the emulator's tuned models", function()
  local server, client, tunedModels

  setup(function()
    server = clock.start()
    client = gemini.new { apiKey = "k", baseUrl = server.url }
    tunedModels = client.tunedModels
  end)
  teardown(function() server.stop() end)

  local function status(_, err) return err and err.status end

  -- The examples are input only, so they are missing where their message wants them.
  local function checked(model)
    local task = {}
    for name, value in pairs(model.tuningTask) do task[name] = value end
    assert.is_nil(task.trainingData)
    task.trainingData = examples(1)
    local whole = { tuningTask = task }
    for name, value in pairs(model) do whole[name] = whole[name] or value end
    assert(check.reply("TunedModel", whole))
    return model
  end

  local function get(name) return checked(assert(tunedModels:get { name = name })) end

  local function create(fields)
    local whole = { baseModel = BASE, tuningTask = { trainingData = examples(6) } }
    for name, value in pairs(fields or {}) do whole[name] = value end
    local operation, err = tunedModels:create(whole)
    if operation then assert(check.reply(OPERATION, operation)) end
    return operation, err
  end

  local function delete(operation) assert(tunedModels:delete { name = operation.metadata.tunedModel }) end

  it("are created by an operation", function()
    local operation = assert(create {
      tunedModelId = "next-number", displayName = "Next number",
      tuningTask = { trainingData = examples(6), hyperparameters = { epochCount = 3, batchSize = 4 } },
    })
    assert.truthy(operation.name:find("^tunedModels/next%-number/operations/%w+$"))
    assert.is_nil(operation.done)
    assert.is_nil(operation.response)
    assert.truthy(operation.metadata["@type"]:find("CreateTunedModelMetadata$"))
    assert.equal("tunedModels/next-number", operation.metadata.tunedModel)
    assert.equal(6, operation.metadata.totalSteps)
    local model = get "tunedModels/next-number"
    assert.equal("CREATING", model.state)
    assert.equal("Next number", model.displayName)
    assert.equal(1, model.temperature)
    assert.is_nil(model.tuningTask.snapshots)

    clock.later(client, clock.WORK * 0.6)
    local metadata = assert(tunedModels.operations:get { name = operation.name }).metadata
    assert.equal(3, metadata.completedSteps)
    assert.is_true(metadata.completedPercent >= 60 and metadata.completedPercent < 100)
    local snapshots = get("tunedModels/next-number").tuningTask.snapshots
    assert.equal(3, #snapshots)
    assert.equal(3, snapshots[3].step)
    assert.equal(2, snapshots[3].epoch)
    assert.is_true(snapshots[3].meanLoss < snapshots[1].meanLoss)

    clock.later(client, clock.WORK * 0.4)
    model = get "tunedModels/next-number"
    assert.equal("ACTIVE", model.state)
    assert.equal(6, #model.tuningTask.snapshots)
    assert.is_string(model.tuningTask.completeTime)
    operation = assert(tunedModels.operations:get { name = operation.name })
    assert(check.reply(OPERATION, operation))
    assert.is_true(operation.done)
    assert.equal(100, operation.metadata.completedPercent)
    assert.equal("ACTIVE", operation.response.state)
    assert.equal(model.name, operation.response.name)
    local page = assert(tunedModels.operations:list({ name = model.name }):page())
    assert(check.reply("ListOperationsResponse", page))
    assert.equal(operation.name, page.operations[1].name)
    delete(operation)
    assert.equal("NOT_FOUND", status(tunedModels:get { name = model.name }))
    assert.equal("NOT_FOUND", status(tunedModels.operations:get { name = operation.name }))
  end)

  it("answer when they are ready", function()
    local operation = assert(create())
    local name = operation.metadata.tunedModel
    local function ask() return client.models:generateContent { model = name, contents = "Seven" } end
    assert.equal("FAILED_PRECONDITION", status(ask()))
    clock.later(client, clock.WORK)
    local reply = assert(ask())
    assert(check.reply("GenerateContentResponse", reply))
    assert.truthy(reply.text:find(name, 1, true))
    local stream = client.tunedModels:streamGenerateContent { model = name, contents = "Seven" }
    assert.equal(reply.text:match("^This is [^,]+"), assert(stream:collect()).text:match("^This is [^,]+"))
    delete(operation)
    assert.equal("NOT_FOUND", status(ask()))
  end)

  it("are tuned further", function()
    local first = assert(create { tunedModelId = "first" })
    local source = { tunedModelSource = { tunedModel = "tunedModels/first" }, tuningTask = { trainingData = examples(1) } }
    assert.equal("FAILED_PRECONDITION", status(tunedModels:create(source)))
    clock.later(client, clock.WORK)
    local second = assert(tunedModels:create(source))
    assert.same({ tunedModel = "tunedModels/first", baseModel = BASE }, get(second.metadata.tunedModel).tunedModelSource)
    delete(first)
    delete(second)
  end)

  it("are refused without a source, examples, sense, or an ID of their own", function()
    assert.equal("NOT_FOUND", status(create { baseModel = "models/none" }))
    assert.equal("INVALID_ARGUMENT", status(create { baseModel = "models/gemini-embedding-001" }))
    assert.equal("INVALID_ARGUMENT", status(tunedModels:create { tuningTask = { trainingData = examples(1) } }))
    assert.equal("INVALID_ARGUMENT", status(create { tuningTask = { trainingData = examples(0) } }))
    local blank = { examples = { examples = { { output = "1" } } } }
    assert.equal("INVALID_ARGUMENT", status(create { tuningTask = { trainingData = blank } }))
    local odd = { trainingData = examples(1), hyperparameters = { epochCount = -1 } }
    assert.equal("INVALID_ARGUMENT", status(create { tuningTask = odd }))
    assert.equal("INVALID_ARGUMENT", status(create { temperature = 3 }))
    assert.equal("INVALID_ARGUMENT", status(create { tunedModelId = "Not_An_Id" }))
    local operation = assert(create { tunedModelId = "taken" })
    assert.equal("ALREADY_EXISTS", status(create { tunedModelId = "taken" }))
    delete(operation)
  end)

  it("show a hundred snapshots at most", function()
    local long = { trainingData = examples(8), hyperparameters = { epochCount = 50, batchSize = 1 } }
    local operation = assert(create { tuningTask = long })
    clock.later(client, clock.WORK)
    local snapshots = get(operation.metadata.tunedModel).tuningTask.snapshots
    assert.equal(100, #snapshots)
    assert.equal(400, snapshots[100].step)
    delete(operation)
  end)

  it("are changed where the mask says so", function()
    local operation = assert(create { displayName = "old", description = "kept" })
    local name = operation.metadata.tunedModel
    local changed = checked(assert(tunedModels:patch { name = name, displayName = "new", temperature = 0.5 }))
    assert.equal("new", changed.displayName)
    assert.equal(0.5, changed.temperature)
    assert.equal("kept", changed.description)
    local mask = { name = name, description = "other", displayName = "ignored", updateMask = "description" }
    changed = checked(assert(tunedModels:patch(mask)))
    assert.equal("other", changed.description)
    assert.equal("new", changed.displayName)
    assert.equal("INVALID_ARGUMENT", status(tunedModels:patch { name = name, topP = 2 }))
    assert.same(changed, get(name))
    delete(operation)
  end)

  it("are listed, and found by words and grants", function()
    local cats = assert(create { displayName = "Counts cats", description = "for a zoo" })
    local dogs = assert(create { displayName = "Counts dogs" })
    local function found(filter)
      local names = {}
      for model in tunedModels:list { filter = filter, pageSize = 1 } do
        names[#names + 1] = checked(model).name
      end
      return names
    end
    local catsName, dogsName = cats.metadata.tunedModel, dogs.metadata.tunedModel
    assert.same({ catsName, dogsName }, found())
    assert.same({ catsName, dogsName }, found "counts owner:me")
    assert.same({ catsName }, found "zoo CATS")
    assert.same({}, found "zoo dogs")
    assert.same({}, found "readers:everyone")
    assert(tunedModels.permissions:create { parent = dogsName, granteeType = "EVERYONE", role = "READER" })
    assert.same({ dogsName }, found "readers:everyone")
    delete(cats)
    delete(dogs)
  end)

  it("get another owner", function()
    local operation = assert(create())
    local name = operation.metadata.tunedModel
    local function roles()
      local byAddress = {}
      for permission in tunedModels.permissions:list { parent = name } do
        assert(check.reply("Permission", permission))
        byAddress[permission.emailAddress] = permission.role
      end
      return byAddress
    end
    assert(tunedModels:transferOwnership { name = name, emailAddress = "ann@example.com" })
    assert.same({ ["ann@example.com"] = "OWNER" }, roles())
    assert(tunedModels:transferOwnership { name = name, emailAddress = "bob@example.com" })
    assert.same({ ["ann@example.com"] = "WRITER", ["bob@example.com"] = "OWNER" }, roles())
    local target = "/v1beta/" .. name .. ":transferOwnership"
    assert.equal(400, emu.call(server.url, "POST", target, "{}").status)
    delete(operation)
  end)
end)
