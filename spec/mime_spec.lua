---Media types of files, by their names and by their first bytes. #lua

local mime = require "gemini.mime"
local types = require "gemini.mime.types"

local function unread() error "the first bytes are not needed" end

local function byBytes(head)
  return (mime.of(nil, function() return head end))
end

describe("a media type #lua", function()
  it("is known by the ending of a name, in any case", function()
    for name, kind in pairs {
      ["a.md"] = "text/markdown", ["b.FLAC"] = "audio/flac", ["c.heic"] = "image/heic", ["d.webp"] = "image/webp",
      ["e.mp3"] = "audio/mpeg", ["f.wav"] = "audio/wav", ["g.m4a"] = "audio/mp4", ["h.mp4"] = "video/mp4",
      ["i.mov"] = "video/quicktime", ["j.avi"] = "video/avi", ["k.wmv"] = "video/wmv", ["l.mkv"] = "video/x-matroska",
      ["m.pdf"] = "application/pdf", ["n.jpg"] = "image/jpeg", ["o.jpeg"] = "image/jpeg", ["p.png"] = "image/png",
      ["q.txt"] = "text/plain", ["r.csv"] = "text/csv", ["s.json"] = "application/json", ["t.jsonl"] = "application/jsonl",
      ["u.html"] = "text/html", ["v.css"] = "text/css", ["w.js"] = "text/javascript", ["x.xml"] = "text/xml",
      ["y.rtf"] = "text/rtf", ["z.opus"] = "audio/ogg", ["aa.aiff"] = "audio/aiff", ["ab.aac"] = "audio/aac",
      ["ac.heif"] = "image/heif", ["ad.avif"] = "image/avif", ["ae.zip"] = "application/zip",
      ["af.docx"] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      ["dir.png/a.tar.gz"] = "application/gzip", ["c:\\x\\y.epub"] = "application/epub+zip",
    } do
      assert.equal(kind, (mime.of(name, unread)), name)
    end
  end)

  it("of a program is plain text, as the API wants it", function()
    for _, ending in ipairs { "lua", "py", "c", "h", "cpp", "c++", "rs", "go", "tsx", "java", "sh", "rb", "toml", "rockspec" } do
      assert.equal("text/plain", (mime.of("a." .. ending, unread)), ending)
    end
  end)

  it("is not known by what is no ending", function()
    for _, name in ipairs { "LICENSE", "a.", "a.b c", "png", "dir.png/a", "dir.png\\a", "a.no-such-thing", "a.p%g", "a.\n" } do
      assert.is_nil((mime.of(name, function() return "" end)), name)
    end
  end)

  it("is known by how the bytes begin", function()
    local packet = "G" .. ("\0"):rep(187)
    for kind, head in pairs {
      ["image/png"] = "\137PNG\r\n\26\n\0\0", ["image/jpeg"] = "\255\216\255\224", ["image/gif"] = "GIF89a..",
      ["image/webp"] = "RIFF\1\2\3\4WEBPVP8 ", ["audio/wav"] = "RIFF\1\2\3\4WAVEfmt ", ["video/avi"] = "RIFF\1\2\3\4AVI LIST",
      ["image/heic"] = "\0\0\0\24ftypheic\0\0", ["image/avif"] = "\0\0\0\32ftypavif", ["audio/mp4"] = "\0\0\0\32ftypM4A \0",
      ["video/quicktime"] = "\0\0\0\20ftypqt  \0", ["video/mp4"] = "\0\0\0\32ftypisom", ["video/3gpp"] = "\0\0\0\32ftyp3gp5",
      ["audio/flac"] = "fLaC\0\0", ["audio/ogg"] = "OggS\0\2\0\0OpusHead", ["video/ogg"] = "OggS\0\2\0\0\128theora",
      ["video/webm"] = "\26\69\223\163\1\66\130\132webm", ["video/x-matroska"] = "\26\69\223\163\1\66\130\136matroska",
      ["audio/aiff"] = "FORM\1\2\3\4AIFFCOMM", ["audio/aac"] = "\255\241\80\128", ["audio/mpeg"] = "\255\251\144\100",
      ["video/mp2t"] = packet:rep(3), ["application/pdf"] = "%PDF-1.7\n", ["application/zip"] = "PK\3\4\20\0\0\0",
      ["application/epub+zip"] = "PK\3\4" .. ("\0"):rep(26) .. "mimetypeapplication/epub+zipPK\3\4",
      ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] = "PK\3\4" .. ("\0"):rep(26)
        .. "[Content_Types].xml..PK\3\4..xl/workbook.xml",
      ["application/gzip"] = "\31\139\8", ["text/html"] = "\n<!doctype HTML>\n", ["image/svg+xml"] = '<?xml version="1.0"?>\n<svg ',
      ["text/xml"] = '<?xml version="1.0"?><feed>', ["text/plain"] = "\239\187\191Gr\195\188\195\159e", ["text/rtf"] = "{\\rtf1",
    } do
      assert.equal(kind, byBytes(head))
    end
    assert.equal("text/html", byBytes "<html lang=en>")
    assert.equal("text/plain", byBytes "#!/bin/sh\n")
    assert.equal("audio/mpeg", byBytes "ID3\4\0")
  end)

  it("is not guessed from bytes that tell nothing", function()
    for _, head in ipairs { "", "hello", "G", "\255", "\255\255", "\255\225", "RIFF", "BM", "<3", "<p", "{}" } do
      assert.is_nil(byBytes(head), ("%q"):format(head))
    end
  end)

  it("of an ending with two meanings is told by the bytes", function()
    local packet = "G" .. ("\0"):rep(187)
    assert.equal("video/mp2t", (mime.of("a.ts", function() return packet:rep(3) end)))
    assert.equal("text/plain", (mime.of("a.ts", function() return "export {}" end)))
    assert.equal("audio/flac", (mime.of("a.bin", function() return "fLaC" end)))
    assert.equal("application/octet-stream", (mime.of("a.bin", function() return "\1\2\3" end)))
  end)

  it("of an ending stands once in the table", function()
    local seen, count = {}, 0
    for line in types:gmatch "[^\n]+" do
      local kind, endings = line:match "^([%w+.-]+/[%w+.-]+)( .+)$"
      assert.is_true(mime.isType(kind), line)
      for ending in endings:gmatch " (%S+)" do
        assert.is_nil(seen[ending], ending)
        assert.equal(ending:lower(), ending)
        seen[ending], count = kind, count + 1
      end
    end
    assert.is_true(count > 1500)
  end)

  it("has a form", function()
    for _, text in ipairs { "text/plain", "text/plain; charset=utf-8", 'a/b; c="d e"', "application/vnd.api+json" } do
      assert.is_true(mime.isType(text), text)
    end
    for _, text in ipairs { "text", "text/", "/plain", "text/plain\r\nX: y", "text/pl ain", "text plain/x", 5, {} } do
      assert.is_false(mime.isType(text), tostring(text))
    end
  end)
end)
