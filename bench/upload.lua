-- The client of the upload benchmark: upload.lua URL FILE
local client = require("gemini").new { apiKey = "k", baseUrl = arg[1] }
assert(client.media:upload { path = arg[2], mimeType = "application/octet-stream" })
