---Media types by how the bytes begin.

require("gemini.interpreted")()

-- Bytes at a place of the file, and the type; the first row that fits counts. A function looks closer at what several
-- types have in common, and may find none.
local ROWS

-- The brands of ISO media files, by their first letters.
local BRANDS = {
  { "hei", "image/heic" }, { "hev", "image/heic" }, { "mif1", "image/heif" }, { "msf1", "image/heif" },
  { "avi", "image/avif" }, { "M4A", "audio/mp4" }, { "M4B", "audio/mp4" }, { "qt  ", "video/quicktime" },
  { "3g", "video/3gpp" }, { "", "video/mp4" },
}

local function byBrand(head)
  local brand = head:sub(9, 12)
  for _, row in ipairs(BRANDS) do
    if brand:sub(1, #row[1]) == row[1] then return row[2] end
  end
end

local FORMS = {
  RIFFWAVE = "audio/wav", RIFFWEBP = "image/webp", ["RIFFAVI "] = "video/avi",
  FORMAIFF = "audio/aiff", FORMAIFC = "audio/aiff",
}

local function byForm(head) return FORMS[head:sub(1, 4) .. head:sub(9, 12)] end

local function ogg(head)
  if head:find("\128theora", 1, true) then return "video/ogg" end
  return "audio/ogg"
end

local function matroska(head)
  return head:find("webm", 1, true) and "video/webm" or "video/x-matroska"
end

-- An archive whose first file names its type, and those that offices make.
local OFFICE = {
  { "word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
  { "xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
  { "ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
}

local function zip(head)
  local named = head:match("^mimetype([%w/.+-]+)PK", 31)
  if named then return named end
  for _, row in ipairs(head:find("[Content_Types].xml", 31, true) and OFFICE or {}) do
    if head:find(row[1], 31, true) then return row[2] end
  end
  return "application/zip"
end

-- A packet of 188 bytes begins with this byte.
local function packets(head)
  return head:byte(189) == 0x47 and head:byte(377) == 0x47 and "video/mp2t" or nil
end

-- Frames of sound: a sync word, then what may not be.
local function frames(head)
  local second, third = head:byte(2, 3)
  if not third or second < 0xE0 then return nil end
  local version, layer = math.floor(second / 8) % 4, math.floor(second / 2) % 4
  if layer == 0 then return second >= 0xF0 and "audio/aac" or nil end
  local rate, bits = math.floor(third / 4) % 4, math.floor(third / 16)
  return version ~= 1 and rate ~= 3 and bits ~= 15 and bits ~= 0 and "audio/mpeg" or nil
end

-- Four bytes of size, then nothing, in a bitmap's head.
local function bitmap(head) return head:sub(7, 10) == "\0\0\0\0" and "image/bmp" or nil end

local function xml(head)
  local root = head:lower():match("<(%a[%w:]*)[%s>]")
  return root == "svg" and "image/svg+xml" or root == "html" and "text/html" or "text/xml"
end

local function markup(head)
  local tag = head:lower():match("^%s*<!?(%a+)")
  if tag == "doctype" then tag = head:lower():match("^%s*<!doctype%s+(%a+)") end
  return tag == "html" and "text/html" or tag == "svg" and "image/svg+xml" or nil
end

ROWS = {
  { "\137PNG\r\n\26\n", "image/png" },
  { "\255\216\255", "image/jpeg" },
  { "GIF87a", "image/gif" },
  { "GIF89a", "image/gif" },
  { "RIFF", byForm },
  { "FORM", byForm },
  { "ftyp", byBrand, at = 5 },
  { "%PDF-", "application/pdf" },
  { "ID3", "audio/mpeg" },
  { "fLaC", "audio/flac" },
  { "OggS", ogg },
  { "MThd", "audio/midi" },
  { "#!AMR", "audio/amr" },
  { "caff", "audio/x-caf" },
  { "\26\69\223\163", matroska },
  { "FLV\1", "video/x-flv" },
  { "\0\0\1\186", "video/mpeg" },
  { "\0\0\1\179", "video/mpeg" },
  { "\48\38\178\117\142\102\207\17", "video/wmv" },
  { "G", packets },
  { "II*\0", "image/tiff" },
  { "MM\0*", "image/tiff" },
  { "BM", bitmap },
  { "8BPS", "image/vnd.adobe.photoshop" },
  { "\255\10", "image/jxl" },
  { "\0\0\0\12JXL ", "image/jxl" },
  { "\0\0\0\12jP  ", "image/jp2" },
  { "PK\3\4", zip },
  { "PK\5\6", "application/zip" },
  { "\31\139", "application/gzip" },
  { "BZh", "application/x-bzip2" },
  { "\253" .. "7zXZ\0", "application/x-xz" },
  { "7z\188\175\39\28", "application/x-7z-compressed" },
  { "\40\181\47\253", "application/zstd" },
  { "Rar!\26\7", "application/vnd.rar" },
  { "ustar", "application/x-tar", at = 258 },
  { "\0asm", "application/wasm" },
  { "SQLite format 3\0", "application/x-sqlite3" },
  { "PAR1", "application/vnd.apache.parquet" },
  { "glTF", "model/gltf-binary" },
  { "wOFF", "font/woff" },
  { "wOF2", "font/woff2" },
  { "OTTO", "font/otf" },
  { "{\\rtf", "text/rtf" },
  { "%!PS", "application/postscript" },
  { "<?xml", xml },
  { "#!", "text/plain" },
  -- Marks of byte order: UTF-8, UTF-16.
  { "\239\187\191", "text/plain" },
  { "\255\254", "text/plain" },
  { "\254\255", "text/plain" },
  { "\255", frames },
  { "", markup },
}

---@param head string  the first bytes: 4,096, or all where there are less
---@return string? mediaType  nil where they tell nothing
return function(head)
  for _, row in ipairs(ROWS) do
    local at = row.at or 1
    local found = head:sub(at, at + #row[1] - 1) == row[1] and row[2]
    local kind = type(found) == "function" and found(head) or type(found) == "string" and found
    if kind then return kind end
  end
  return nil
end
