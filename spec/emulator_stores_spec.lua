local check = require "gemini.emulator.check"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local gemini = require "gemini"

local OPERATION = "google.longrunning.Operation"
local TEXT = "The cat sat on the mat."

describe("the emulator's file search stores", function()
  local server, client

  setup(function()
    server = clock.start()
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  local function create(displayName)
    local store = assert(client.fileSearchStores:create { displayName = displayName })
    assert(check.reply("FileSearchStore", store))
    return store
  end

  local function drop(store) assert(client.fileSearchStores:delete { name = store.name, force = true }) end

  local function upload(store, fields)
    fields = fields or {}
    fields.fileSearchStoreName, fields.data, fields.mimeType = store.name, TEXT, "text/plain"
    local operation = assert(client.media:uploadToFileSearchStore(fields))
    assert(check.reply(OPERATION, operation))
    return operation
  end

  local function status(_, err) return err and err.status end

  it("live from their creation to their end", function()
    local store = create("My papers")
    assert.truthy(store.name:find("^fileSearchStores/my%-papers%-%w+$"))
    assert.equal("My papers", store.displayName)
    assert.is_nil(store.sizeBytes)
    assert.same(store, assert(client.fileSearchStores:get { name = store.name }))
    drop(store)
    assert.equal("NOT_FOUND", status(client.fileSearchStores:get { name = store.name }))
    assert.equal("NOT_FOUND", status(client.fileSearchStores:delete { name = store.name }))
  end)

  it("are listed page by page, and are ten at most", function()
    local stores, seen = {}, {}
    for i = 1, 10 do stores[i] = create("store " .. i) end
    assert.equal("RESOURCE_EXHAUSTED", status(client.fileSearchStores:create({ displayName = "one more" }, { retry = false })))
    local pager = client.fileSearchStores:list { pageSize = 4 }
    for page in function() return pager:page() end do
      assert(check.reply("ListFileSearchStoresResponse", page))
      for _, store in ipairs(page.fileSearchStores) do seen[#seen + 1] = store end
    end
    assert.same(stores, seen)
    for _, store in ipairs(stores) do drop(store) end
  end)

  it("refuse a name that is too long and a model that is not there", function()
    assert.equal("INVALID_ARGUMENT", status(client.fileSearchStores:create { displayName = ("x"):rep(513) }))
    assert.equal("NOT_FOUND", status(client.fileSearchStores:create { embeddingModel = "models/none" }))
  end)

  it("take documents in, which are indexed after a while", function()
    local store = create("uploads")
    local metadata = { { key = "year", numericValue = 2024 } }
    local operation = upload(store, { displayName = "Cats", customMetadata = metadata })
    assert.is_nil(operation.done)
    local id = operation.name:match("^" .. store.name:gsub("%p", "%%%0") .. "/upload/operations/(.+)$")
    local name = ("%s/documents/%s"):format(store.name, id)
    assert.equal(name, operation.response.documentName)
    assert.equal(store.name, operation.response.parent)
    assert.equal("23", operation.response.sizeBytes)
    assert.equal("text/plain", operation.response.mimeType)

    local document = assert(client.fileSearchStores.documents:get { name = name })
    assert(check.reply("Document", document))
    assert.equal("STATE_PENDING", document.state)
    assert.equal("Cats", document.displayName)
    assert.same(metadata, document.customMetadata)
    local counts = assert(client.fileSearchStores:get { name = store.name })
    assert.equal("1", counts.pendingDocumentsCount)
    assert.is_nil(counts.activeDocumentsCount)

    clock.later(client, clock.WORK)
    operation = assert(client.fileSearchStores.upload.operations:get { name = operation.name })
    assert(check.reply(OPERATION, operation))
    assert.is_true(operation.done)
    assert.equal(name, operation.response.documentName)
    assert.equal("STATE_ACTIVE", assert(client.fileSearchStores.documents:get { name = name }).state)
    counts = assert(client.fileSearchStores:get { name = store.name })
    assert(check.reply("FileSearchStore", counts))
    assert.equal("1", counts.activeDocumentsCount)
    assert.is_nil(counts.pendingDocumentsCount)
    assert.equal("23", counts.sizeBytes)
    drop(store)
  end)

  it("import files", function()
    local store = create("imports")
    local file = assert(client.media:upload { data = TEXT, mimeType = "text/plain", displayName = "Mat" })
    local operation = assert(client.fileSearchStores:importFile {
      fileSearchStoreName = store.name, fileName = file.name, customMetadata = { { key = "a", stringValue = "b" } },
    })
    assert(check.reply(OPERATION, operation))
    assert.is_nil(operation.done)
    assert.is_nil(operation.response)
    clock.later(client, clock.WORK)
    operation = assert(client.fileSearchStores.operations:get { name = operation.name })
    assert.is_true(operation.done)
    local document = assert(client.fileSearchStores.documents:get { name = operation.response.documentName })
    assert.equal("Mat", document.displayName)
    assert.same({ { key = "a", stringValue = "b" } }, document.customMetadata)
    -- The two kinds of operations are different collections.
    local other = operation.name:gsub("/operations/", "/upload/operations/")
    assert.equal("NOT_FOUND", status(client.fileSearchStores.upload.operations:get { name = other }))
    drop(store)
  end)

  it("import no file that is not there or not ready, and nothing into no store", function()
    local store = create("nothing")
    local function import(into, fileName)
      return status(client.fileSearchStores:importFile { fileSearchStoreName = into, fileName = fileName })
    end
    assert.equal("NOT_FOUND", import(store.name, "files/none"))
    local film = assert(client.media:upload { data = "x", mimeType = "video/mp4" })
    assert.equal("FAILED_PRECONDITION", import(store.name, film.name))
    clock.later(client, clock.WORK)
    assert.is_nil(import(store.name, film.name))
    assert.equal("NOT_FOUND", import("fileSearchStores/none", film.name))
    drop(store)
  end)

  it("give back the bytes of a document", function()
    local store = create("bytes")
    local name = upload(store).response.documentName:gsub("/documents/", "/media/")
    assert.equal(TEXT, assert(client.fileSearchStores.media:download { name = name }))
    local response = emu.call(server.url, "GET", "/v1beta/" .. name .. "?alt=media")
    assert.equal("text/plain", response.headers["content-type"])
    assert.equal(400, emu.call(server.url, "GET", "/v1beta/" .. name).status)
    drop(store)
  end)

  describe("are searched by generateContent", function()
    local MODEL = "models/gemini-2.5-flash"

    local function ask(text, tool)
      return client.models:generateContent { model = MODEL, contents = text, tools = { { fileSearch = tool } } }
    end

    it("for passages that are like the prompt, in documents that are ready", function()
      local store = create("search")
      local texts = { ("dog "):rep(150) .. "barked", "The cat sat on the mat.", "Prices rose in March." }
      for i, text in ipairs(texts) do
        assert(client.media:uploadToFileSearchStore {
          fileSearchStoreName = store.name, displayName = "text " .. i, data = text, mimeType = "text/plain",
        })
      end
      local tool = { fileSearchStoreNames = { store.name }, topK = 2 }
      assert.is_nil(assert(ask("Where did the cat sit?", tool)).candidates[1].groundingMetadata)
      clock.later(client, clock.WORK)
      local reply = assert(ask("Where was the cat sitting?", tool))
      assert(check.reply("GenerateContentResponse", reply))
      local found = reply.candidates[1].groundingMetadata.groundingChunks
      assert.is_true(#found <= 2)
      assert.same({ title = "text 2", text = texts[2], fileSearchStore = store.name }, found[1].retrievedContext)
      found = assert(ask("Which dog barked?", tool)).candidates[1].groundingMetadata.groundingChunks
      assert.equal("text 1", found[1].retrievedContext.title)
      assert.is_true(#found[1].retrievedContext.text < #texts[1])

      local grounded = {}
      local body = { model = MODEL, contents = "The cat?", tools = { { fileSearch = tool } } }
      for chunk in client.models:streamGenerateContent(body) do
        grounded[#grounded + 1] = chunk.candidates[1].groundingMetadata ~= nil
      end
      assert.is_true(#grounded > 1 and grounded[#grounded])
      assert.is_false(grounded[1])
      drop(store)
    end)

    it("not where there is none, nor as the emulator cannot", function()
      local store = create("odd")
      assert.equal("NOT_FOUND", status(ask("x", { fileSearchStoreNames = { "fileSearchStores/none" } })))
      assert.equal("INVALID_ARGUMENT", status(ask("x", { topK = 3 })))
      assert.equal("INVALID_ARGUMENT", status(ask("x", { fileSearchStoreNames = { store.name }, topK = -1 })))
      local filtered = { fileSearchStoreNames = { store.name }, metadataFilter = "year = 2024" }
      assert.equal("UNIMPLEMENTED", status(ask("x", filtered)))
      drop(store)
    end)
  end)

  it("keep what they hold unless they are forced", function()
    local store = create("full")
    local names = {}
    for i = 1, 3 do names[i] = upload(store).response.documentName end
    local seen = {}
    for document in client.fileSearchStores.documents:list { parent = store.name, pageSize = 2 } do
      assert(check.reply("Document", document))
      seen[#seen + 1] = document.name
    end
    assert.same(names, seen)

    assert.equal("FAILED_PRECONDITION", status(client.fileSearchStores.documents:delete { name = names[1] }))
    assert(client.fileSearchStores.documents:delete { name = names[1], force = true })
    assert.equal("NOT_FOUND", status(client.fileSearchStores.documents:get { name = names[1] }))
    assert.equal("FAILED_PRECONDITION", status(client.fileSearchStores:delete { name = store.name }))
    for i = 2, 3 do assert(client.fileSearchStores.documents:delete { name = names[i], force = true }) end
    assert(client.fileSearchStores:delete { name = store.name })
    assert.equal("NOT_FOUND", status(client.fileSearchStores.documents:list({ parent = store.name }):page()))
  end)
end)
