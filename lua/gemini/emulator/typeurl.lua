---The URL by which an Any tells that it holds a message of this API.
---@param message string "TunedModel"
---@return string
return function(message) return "type.googleapis.com/google.ai.generativelanguage.v1beta." .. message end
