-- The life of a corpus in the emulator: documents, chunks, permissions and the search.
local cjson = require "cjson"
local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"
local socket = require "socket"

local good, refused, invalid, missing = expect.good, expect.refused, expect.invalid, expect.missing

local TEXTS = {
  plants = "Plants make sugar from sunlight, water and carbon dioxide in a process named photosynthesis.",
  heart = "The heart pumps blood through arteries and veins to every organ of the body.",
  magma = "Volcanoes erupt when molten rock, called magma, rises to the surface.",
  compiler = "A compiler translates source code to machine instructions.",
  tides = "The moon's gravity causes the tides of the oceans.",
}

-- A good reply that says nothing.
local function gone(reply, err) assert.same({}, reply, tostring(err)) end

-- Of a raw answer, for a client may well try such a request again.
local function exhausted(response)
  assert.equal(429, response.status)
  assert.equal("RESOURCE_EXHAUSTED", cjson.decode(response.body).error.status)
end

local function names(pager)
  local out = {}
  for item in pager do out[#out + 1] = item.name end
  return out
end

local function chunk(text, metadata) return { data = { stringValue = text }, customMetadata = metadata } end

local function requests(parent, count)
  local out = {}
  for i = 1, count do out[i] = { parent = parent, chunk = chunk(("This is sentence number %d."):format(i)) } end
  return out
end

describe("a corpus of the emulator", function()
  local server, client, corpora, documents, chunks, permissions

  setup(function()
    server = emu.start { work = 0.05 }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
    corpora, documents = client.corpora, client.corpora.documents
    chunks, permissions = documents.chunks, corpora.permissions
  end)

  teardown(function() server.stop() end)

  local made

  -- A corpus of the test's own, gone after it.
  local function newCorpus(fields)
    made = good("Corpus", corpora:create(fields or {})).name
    return made
  end

  local function newDocument(fields)
    local document = fields or {}
    document.parent = made or newCorpus()
    return good("Document", documents:create(document)).name
  end

  local function newChunk(document, text, metadata)
    local fields = chunk(text, metadata)
    fields.parent = document
    return good("Chunk", chunks:create(fields)).name
  end

  local function post(target, body) return emu.call(server.url, "POST", "/v1beta/" .. target, body) end

  after_each(function()
    if made then gone(corpora:delete { name = made, force = true }) end
    made = nil
  end)

  describe("itself", function()
    it("gets a name from its display name, and times", function()
      local name = newCorpus { displayName = "Physics, 2nd Edition" }
      assert.truthy(name:find("^corpora/physics%-2nd%-edition%-%w%w%w%w%w%w%w%w%w%w%w%w$"), name)
      local corpus = good("Corpus", corpora:get { name = name })
      assert.equal("Physics, 2nd Edition", corpus.displayName)
      assert.equal(corpus.createTime, corpus.updateTime)
    end)

    it("takes a name of the caller's, once", function()
      newCorpus { name = "corpora/my-own" }
      assert.equal("corpora/my-own", good("Corpus", corpora:get { name = "my-own" }).name)
      refused(409, "ALREADY_EXISTS", corpora:create { name = "corpora/my-own" })
    end)

    it("refuses names and display names that are not legal", function()
      for _, name in ipairs { "corpora/-a", "corpora/a-", "corpora/A", "corpora/a/b", "documents/a", "corpora/" .. ("a"):rep(41) } do
        invalid(corpora:create { name = name })
      end
      invalid(corpora:create { displayName = ("a"):rep(513) })
      newCorpus { displayName = ("ä"):rep(512) }
    end)

    it("changes what the mask names and nothing else", function()
      local name = newCorpus { displayName = "old" }
      local before = good("Corpus", corpora:get { name = name })
      socket.sleep(0.002)
      local after = good("Corpus", corpora:patch { name = name, displayName = "new" })
      assert.equal("new", after.displayName)
      assert.equal(before.createTime, after.createTime)
      assert.is_true(after.updateTime > before.updateTime)
      assert.same(after, corpora:get { name = name })
    end)

    it("is not changed by a patch that is refused", function()
      local name = newCorpus { displayName = "old" }
      invalid(corpora:patch { name = name, displayName = ("a"):rep(513) })
      invalid(corpora:patch { name = name, displayName = "new", updateMask = "createTime" })
      local response = emu.call(server.url, "PATCH", "/v1beta/" .. name, '{"displayName":"new"}')
      assert.equal(400, response.status)
      assert.truthy(cjson.decode(response.body).error.message:find("update_mask", 1, true))
      assert.equal("old", corpora:get({ name = name }).displayName)
    end)

    it("is one of ten at most, on pages", function()
      local all = {}
      for i = 1, 10 do all[i] = good("Corpus", corpora:create { name = ("corpora/c%d"):format(i) }).name end
      exhausted(emu.call(server.url, "POST", "/v1beta/corpora", "{}"))
      local page = good("ListCorporaResponse", corpora:list({ pageSize = 4 }):page())
      assert.equal(4, #page.corpora)
      assert.same(all, names(corpora:list { pageSize = 4 }))
      for _, name in ipairs(all) do gone(corpora:delete { name = name }) end
      assert.same({}, names(corpora:list()))
    end)

    it("is deleted with what it holds by force alone, and then it is not found", function()
      local name = newCorpus()
      local document = newDocument()
      local held = newChunk(document, TEXTS.heart)
      refused(400, "FAILED_PRECONDITION", corpora:delete { name = name })
      refused(400, "FAILED_PRECONDITION", documents:delete { name = document })
      good("Chunk", chunks:get { name = held })
      gone(corpora:delete { name = name, force = true })
      made = nil
      missing(corpora:get { name = name })
      missing(documents:get { name = document })
      missing(chunks:get { name = held })
      missing(corpora:query { name = name, query = "x" })
      missing(corpora:patch { name = name, displayName = "x" })
      missing(corpora:delete { name = name, force = true })
      missing(documents:create { parent = name })
      missing(documents:list({ parent = name }):page())
    end)
  end)

  describe("with documents,", function()
    local METADATA = {
      { key = "genre", stringValue = "drama" },
      { key = "year", numericValue = 1999.5 },
      { key = "tags", stringListValue = { values = { "a", "b" } } },
    }

    it("keeps them with their metadata", function()
      local name = newDocument { displayName = "A play", customMetadata = METADATA }
      local document = good("Document", documents:get { name = name })
      assert.equal("A play", document.displayName)
      assert.same(METADATA, document.customMetadata)
      assert.equal("STATE_ACTIVE", document.state)
    end)

    it("patches one field and leaves the others", function()
      local name = newDocument { displayName = "A play", customMetadata = METADATA }
      local document = good("Document", documents:patch { name = name, displayName = "Another" })
      assert.same(METADATA, document.customMetadata)
      document = good("Document", documents:patch { name = name, displayName = "x", updateMask = "customMetadata" })
      assert.is_nil(document.customMetadata)
      assert.equal("Another", document.displayName)
    end)

    it("refuses metadata that is not legal", function()
      local many = {}
      for i = 1, 21 do many[i] = { key = "k" .. i, numericValue = i } end
      local parent = newCorpus()
      for _, metadata in ipairs { many, { { key = "a" } }, { { key = "", stringValue = "x" } }, { METADATA[1], METADATA[1] },
        { { key = "a", stringValue = "x", numericValue = 1 } } } do
        invalid(documents:create { parent = parent, customMetadata = metadata })
      end
      many[21] = nil
      newDocument { customMetadata = many }
    end)

    it("lists them on pages", function()
      local all = {}
      for i = 1, 23 do all[i] = newDocument() end
      local page = good("ListDocumentsResponse", documents:list({ parent = made, pageSize = 50 }):page())
      assert.equal(20, #page.documents)
      assert.same(all, names(documents:list { parent = made }))
    end)

    it("deletes an empty one without force", function()
      local name = newDocument()
      gone(documents:delete { name = name })
      missing(documents:get { name = name })
    end)
  end)

  describe("with chunks,", function()
    it("shows them pending until they are processed", function()
      local fields = chunk(TEXTS.heart)
      fields.parent = newDocument()
      local created = good("Chunk", chunks:create(fields))
      assert.equal("STATE_PENDING_PROCESSING", created.state)
      socket.sleep(0.06)
      assert.equal("STATE_ACTIVE", good("Chunk", chunks:get { name = created.name }).state)
    end)

    it("refuses chunks without a text and with too long ones", function()
      local parent = newDocument()
      invalid(chunks:create { parent = parent, data = {} })
      invalid(chunks:create { parent = parent, data = { stringValue = "" } })
      assert.truthy(invalid(chunks:create { parent = parent, data = { stringValue = ("a"):rep(2043 * 4 + 1) } }):find("2043"))
      newChunk(parent, ("a"):rep(2043 * 4))
    end)

    it("patches the text or the metadata", function()
      local parent = newDocument()
      local name = newChunk(parent, TEXTS.heart, { { key = "a", numericValue = 1 } })
      local patched = good("Chunk", chunks:patch { name = name, data = { stringValue = TEXTS.tides } })
      assert.equal(TEXTS.tides, patched.data.stringValue)
      assert.equal(1, patched.customMetadata[1].numericValue)
      invalid(chunks:patch { name = name, customMetadata = {}, updateMask = "data" })
      assert.equal(TEXTS.tides, chunks:get({ name = name }).data.stringValue)
    end)

    it("creates a hundred at once, and no more", function()
      local parent = newDocument()
      local reply = good("BatchCreateChunksResponse", chunks:batchCreate { parent = parent, requests = requests(parent, 100) })
      assert.equal(100, #reply.chunks)
      assert.equal("This is sentence number 7.", reply.chunks[7].data.stringValue)
      local page = good("ListChunksResponse", chunks:list({ parent = parent, pageSize = 1000 }):page())
      assert.equal(100, #page.chunks)
      assert.equal(10, #good("ListChunksResponse", chunks:list({ parent = parent }):page()).chunks)
      assert.equal(reply.chunks[100].name, names(chunks:list { parent = parent })[100])
      invalid(chunks:batchCreate { parent = parent, requests = requests(parent, 101) })
      assert.equal(100, #names(chunks:list { parent = parent, pageSize = 100 }))
    end)

    it("creates all of a batch or nothing", function()
      local parent = newDocument()
      local other = newDocument()
      local taken = newChunk(parent, TEXTS.heart)
      local bad = {
        { parent = other, chunk = chunk "elsewhere" },
        { parent = parent, chunk = { data = { stringValue = "" } } },
        { parent = parent, chunk = { name = "chunks/x", data = { stringValue = "x" } } },
      }
      for _, request in ipairs(bad) do
        local batch = requests(parent, 3)
        table.insert(batch, 3, request)
        invalid(chunks:batchCreate { parent = parent, requests = batch })
      end
      local batch = requests(parent, 2)
      batch[2].chunk.name = taken
      refused(409, "ALREADY_EXISTS", chunks:batchCreate { parent = parent, requests = batch })
      assert.same({ taken }, names(chunks:list { parent = parent }))
      assert.same({}, names(chunks:list { parent = other }))
      local response = post(parent .. "/chunks:batchCreate", cjson.encode { parent = other, requests = requests(parent, 1) })
      assert.equal(400, response.status)
      assert.same({ taken }, names(chunks:list { parent = parent }))
    end)

    it("updates all of a batch or nothing", function()
      local parent = newDocument()
      local first, second = newChunk(parent, "one"), newChunk(parent, "two")
      local function update(name, text) return { chunk = { name = name, data = { stringValue = text } } } end
      local reply = good("BatchUpdateChunksResponse", chunks:batchUpdate {
        parent = parent, requests = { update(second, "zwei"), update(first, "eins") },
      })
      assert.same({ second, first }, { reply.chunks[1].name, reply.chunks[2].name })
      local function texts()
        local out = {}
        for each in chunks:list { parent = parent } do out[#out + 1] = each.data.stringValue end
        return out
      end
      assert.same({ "eins", "zwei" }, texts())
      invalid(chunks:batchUpdate { parent = parent, requests = { update(first, "un"), update(second, "") } })
      missing(chunks:batchUpdate { parent = parent, requests = { update(first, "un"), update(parent .. "/chunks/no", "x") } })
      invalid(chunks:batchUpdate { parent = parent, requests = { update(first, "un"), update(first, "uno") } })
      local elsewhere = newChunk(newDocument(), "far")
      invalid(chunks:batchUpdate { parent = parent, requests = { update(first, "un"), update(elsewhere, "x") } })
      assert.same({ "eins", "zwei" }, texts())
      assert.equal("far", chunks:get({ name = elsewhere }).data.stringValue)
    end)

    it("deletes all of a batch or nothing", function()
      local parent = newDocument()
      local kept, first, second = newChunk(parent, "a"), newChunk(parent, "b"), newChunk(parent, "c")
      local elsewhere = newChunk(newDocument(), "d")
      missing(chunks:batchDelete { parent = parent, requests = { { name = first }, { name = parent .. "/chunks/no" } } })
      invalid(chunks:batchDelete { parent = parent, requests = { { name = first }, { name = elsewhere } } })
      assert.same({ kept, first, second }, names(chunks:list { parent = parent }))
      gone(chunks:batchDelete { parent = parent, requests = { { name = first }, { name = second } } })
      assert.same({ kept }, names(chunks:list { parent = parent }))
      good("Chunk", chunks:get { name = elsewhere })
      gone(chunks:delete { name = kept })
      missing(chunks:get { name = kept })
    end)
  end)

  describe("when it is searched,", function()
    local library

    setup(function()
      library = good("Corpus", corpora:create { displayName = "Library" }).name
      local function fill(document, topics)
        document.parent = library
        document.name = ("%s/documents/%s"):format(library, document.displayName:lower())
        local parent, batch = good("Document", documents:create(document)).name, {}
        for i, topic in ipairs(topics) do
          local metadata = { { key = "topic", stringValue = topic }, { key = "page", numericValue = i },
            { key = "tags", stringListValue = { values = { topic, "text" } } } }
          batch[i] = { parent = parent, chunk = chunk(TEXTS[topic], metadata) }
        end
        good("BatchCreateChunksResponse", chunks:batchCreate { parent = parent, requests = batch })
      end
      fill({ displayName = "Life", customMetadata = { { key = "field", stringValue = "biology" } } }, { "heart", "plants" })
      fill({ displayName = "Earth" }, { "magma", "tides", "compiler" })
    end)

    teardown(function() gone(corpora:delete { name = library, force = true }) end)

    local function found(fields)
      fields.name = fields.name or library
      fields.query = fields.query or "text"
      local resource = fields.name == library and corpora or documents
      local message = fields.name == library and "QueryCorpusResponse" or "QueryDocumentResponse"
      return good(message, resource:query(fields)).relevantChunks or {}
    end

    local function topics(fields)
      local out = {}
      for i, each in ipairs(found(fields)) do out[i] = each.chunk.customMetadata[1].stringValue end
      table.sort(out)
      return out
    end

    local QUESTIONS = {
      plants = "How do plants turn sunlight into food?",
      heart = "what pumps the blood in a body",
      magma = "Why do volcanos erupt?",
      compiler = "translating code for machines",
      tides = "Which body in the sky causes ocean tides?",
    }

    for topic, question in pairs(QUESTIONS) do
      it("finds the right chunk for: " .. question, function()
        local relevant = found { query = question }
        assert.equal(5, #relevant)
        assert.equal(TEXTS[topic], relevant[1].chunk.data.stringValue)
        assert.is_true(relevant[1].chunkRelevanceScore > 1.5 * relevant[2].chunkRelevanceScore)
        for i = 2, #relevant do
          assert.is_true(relevant[i - 1].chunkRelevanceScore >= relevant[i].chunkRelevanceScore)
        end
        assert.equal(relevant[1].chunk.name:match("^(.*)/chunks/"), relevant[1].document.name)
      end)
    end

    it("finds the same text with full score, and as many chunks as are wanted", function()
      local relevant = found { query = TEXTS.tides, resultsCount = 2 }
      assert.equal(2, #relevant)
      assert.is_true(relevant[1].chunkRelevanceScore > 0.999)
    end)

    it("stays within a document", function()
      assert.same({ "heart", "plants" }, topics { name = library .. "/documents/life", query = QUESTIONS.magma })
    end)

    it("gives ten by default and a hundred at most", function()
      local parent = newDocument()
      good("BatchCreateChunksResponse", chunks:batchCreate { parent = parent, requests = requests(parent, 100) })
      newChunk(parent, "one more")
      local function count(wanted)
        return #good("QueryCorpusResponse", corpora:query { name = made, query = "x", resultsCount = wanted }).relevantChunks
      end
      assert.equal(10, count())
      assert.equal(100, count(100))
      invalid(corpora:query { name = made, query = "x", resultsCount = 101 })
      invalid(corpora:query { name = made, query = "x", resultsCount = -1 })
    end)

    it("finds nothing in an empty corpus", function()
      assert.is_nil(good("QueryCorpusResponse", corpora:query { name = newCorpus(), query = "x" }).relevantChunks)
    end)

    it("refuses an empty or endless query", function()
      invalid(corpora:query { name = library, query = "" })
      invalid(corpora:query { name = library })
      invalid(corpora:query { name = library, query = ("a"):rep(10000) })
    end)

    local function filter(key, ...) return { key = key, conditions = { ... } } end
    local function text(operation, value) return { operation = operation, stringValue = value } end
    local function number(operation, value) return { operation = operation, numericValue = value } end
    local TOPIC, PAGE, TAGS = "chunk.custom_metadata.topic", "chunk.custom_metadata.page", "chunk.custom_metadata.tags"
    local FIELD = "document.custom_metadata.field"

    local FILTERS = {
      { "equal text", { filter(TOPIC, text("EQUAL", "tides")) }, "tides" },
      { "either of two", { filter(TOPIC, text("EQUAL", "tides"), text("EQUAL", "heart")) }, "heart tides" },
      { "another text", { filter(TOPIC, text("NOT_EQUAL", "tides")) }, "compiler heart magma plants" },
      { "an equal number", { filter(PAGE, number("EQUAL", 3)) }, "compiler" },
      { "another number", { filter(PAGE, number("NOT_EQUAL", 1)) }, "compiler plants tides" },
      { "a smaller number", { filter(PAGE, number("LESS", 2)) }, "heart magma" },
      { "a number up to", { filter(PAGE, number("LESS_EQUAL", 2)) }, "heart magma plants tides" },
      { "a number from", { filter(PAGE, number("GREATER_EQUAL", 2)) }, "compiler plants tides" },
      { "a greater number", { filter(PAGE, number("GREATER", 2)) }, "compiler" },
      { "a range", { filter(PAGE, number("GREATER", 1)), filter(PAGE, number("LESS", 3)) }, "plants tides" },
      { "a list with", { filter(TAGS, text("INCLUDES", "magma")) }, "magma" },
      { "a list without", { filter(TAGS, text("EXCLUDES", "magma")) }, "compiler heart plants tides" },
      { "the document's", { filter(FIELD, text("EQUAL", "biology")) }, "heart plants" },
      { "both", { filter(FIELD, text("EQUAL", "biology")), filter(PAGE, number("EQUAL", 2)) }, "plants" },
      { "no such key", { filter("chunk.custom_metadata.none", text("NOT_EQUAL", "x")) }, "" },
      { "another type", { filter(PAGE, text("EQUAL", "1")) }, "" },
    }

    for _, case in ipairs(FILTERS) do
      it("filters by metadata: " .. case[1], function()
        assert.equal(case[3], table.concat(topics { metadataFilters = case[2] }, " "))
      end)
    end

    it("refuses filters that make no sense", function()
      for _, filters in ipairs {
        { filter("topic", text("EQUAL", "x")) },
        { filter("corpus.custom_metadata.topic", text("EQUAL", "x")) },
        { filter(TOPIC, text("LESS", "x")) },
        { filter(PAGE, number("INCLUDES", 1)) },
        { filter(TOPIC, { operation = "EQUAL" }) },
        { filter(TOPIC, { stringValue = "x" }) },
        { filter(TOPIC) },
        { filter(TOPIC, text("EQUAL", "x")), filter(TOPIC, text("EQUAL", "y")) },
      } do
        invalid(corpora:query { name = library, query = "x", metadataFilters = filters })
      end
      invalid(documents:query {
        name = library .. "/documents/life", query = "x", metadataFilters = { filter(FIELD, text("EQUAL", "biology")) },
      })
    end)

    it("answers a question from it, and says where from", function()
      local reply = good("GenerateAnswerResponse", client.models:generateAnswer {
        model = "aqa", answerStyle = "EXTRACTIVE", contents = QUESTIONS.tides,
        semanticRetriever = { source = library, query = { parts = { { text = QUESTIONS.tides } } }, maxChunksCount = 2 },
      })
      assert.equal(TEXTS.tides, reply.answer.content.parts[1].text)
      local first = reply.answer.groundingAttributions[1]
      assert.equal(library, first.sourceId.semanticRetrieverChunk.source)
      assert.equal(TEXTS.tides, chunks:get({ name = first.sourceId.semanticRetrieverChunk.chunk }).data.stringValue)
      assert.equal(TEXTS.tides, first.content.parts[1].text)
      assert.is_true(reply.answerableProbability > 0.3)
    end)
  end)

  describe("with permissions,", function()
    it("gives and takes them", function()
      local parent = newCorpus()
      local given = good("Permission", permissions:create {
        parent = parent, granteeType = "USER", emailAddress = "a@example.com", role = "READER",
      })
      assert.equal(parent .. "/permissions/", given.name:sub(1, #parent + 13))
      assert.same(given, good("Permission", permissions:get { name = given.name }))
      local everyone = good("Permission", permissions:create { parent = parent, granteeType = "EVERYONE", role = "READER" })
      good("ListPermissionsResponse", permissions:list({ parent = parent }):page())
      assert.same({ given.name, everyone.name }, names(permissions:list { parent = parent }))
      assert.equal("WRITER", good("Permission", permissions:patch { name = given.name, role = "WRITER" }).role)
      invalid(permissions:patch { name = given.name, emailAddress = "b@example.com" })
      assert.equal("a@example.com", permissions:get({ name = given.name }).emailAddress)
      gone(permissions:delete { name = given.name })
      missing(permissions:get { name = given.name })
    end)

    it("gives none twice to the same grantee", function()
      local parent = newCorpus()
      local fields = { parent = parent, granteeType = "GROUP", emailAddress = "all@example.com", role = "READER" }
      good("Permission", permissions:create(fields))
      fields.role, fields.emailAddress = "WRITER", "All@Example.com"
      refused(409, "ALREADY_EXISTS", permissions:create(fields))
      fields.granteeType = "USER"
      good("Permission", permissions:create(fields))
    end)

    it("refuses what names no grantee or no role", function()
      local parent = newCorpus()
      for _, fields in ipairs {
        { granteeType = "USER", role = "READER" },
        { granteeType = "USER", emailAddress = "nobody", role = "READER" },
        { granteeType = "EVERYONE", emailAddress = "a@example.com", role = "READER" },
        { emailAddress = "a@example.com", role = "READER" },
        { granteeType = "EVERYONE" },
        { granteeType = "EVERYONE", role = "ROLE_UNSPECIFIED" },
      } do
        fields.parent = parent
        invalid(permissions:create(fields))
      end
      missing(permissions:create { parent = "corpora/none", granteeType = "EVERYONE", role = "READER" })
      missing(client.tunedModels.permissions:create { parent = "tunedModels/none", granteeType = "EVERYONE", role = "READER" })
    end)

    it("has a tuned model do the same", function()
      local examples = { { textInput = "one", output = "two" } }
      assert(client.tunedModels:create {
        tunedModelId = "counter", baseModel = "models/gemini-2.5-flash",
        tuningTask = { trainingData = { examples = { examples = examples } } },
      })
      local shared = client.tunedModels.permissions
      local given = good("Permission", shared:create { parent = "tunedModels/counter", granteeType = "EVERYONE", role = "READER" })
      refused(409, "ALREADY_EXISTS",
        shared:create { parent = "tunedModels/counter", granteeType = "EVERYONE", role = "READER" })
      assert.equal("WRITER", good("Permission", shared:patch { name = given.name, role = "WRITER" }).role)
      assert.same({ given.name }, names(shared:list { parent = "tunedModels/counter" }))
      gone(shared:delete { name = given.name })
      missing(shared:get { name = given.name })
    end)

    it("does not count them as what it holds", function()
      local parent = newCorpus()
      local given = good("Permission", permissions:create { parent = parent, granteeType = "EVERYONE", role = "READER" })
      gone(corpora:delete { name = parent })
      made = nil
      missing(permissions:get { name = given.name })
    end)
  end)

  it("holds ten thousand documents at most", function()
    local path, entries = os.tmpname(), {}
    local function entry(name)
      local time = "2026-01-01T00:00:00Z"
      table.insert(entries, {
        name = name, value = { name = name, createTime = time, updateTime = time }, hidden = {}, sequence = #entries + 1,
      })
    end
    entry "corpora/full"
    for i = 1, 9999 do entry(("corpora/full/documents/d%d"):format(i)) end
    local file = assert(io.open(path, "w"))
    file:write(cjson.encode { sequence = #entries, entries = entries })
    file:close()
    local full = emu.start { state = path }
    finally(function()
      full.stop()
      os.remove(path)
    end)
    local here = gemini.new({ apiKey = "k", baseUrl = full.url }).corpora.documents
    good("Document", here:create { parent = "corpora/full" })
    exhausted(emu.call(full.url, "POST", "/v1beta/corpora/full/documents", "{}"))
  end)
end)
