---Makes a context in which some things are others than in the one that it goes back to.
---@param context table
---@param changes table becomes the new context
---@return table
return function(context, changes) return setmetatable(changes, { __index = context }) end
