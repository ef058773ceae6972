---Vectors of float32, as userdata of the core's: four bytes a number, all of them finite.

---@class gemini.Vector: userdata  `#v` is its size and `v[i]` a number, nil outside; `v == w` compares numbers. Its
---  numbers can't be set
---@field [integer] number
---@field toBytes fun(self): string  four bytes a number, little-endian
---@field toTable fun(self): number[]
---@field dot fun(self, w: gemini.Vector): number  raises where the sizes differ
---@field cosine fun(self, w: gemini.Vector): number  from -1 to 1, and 0 where either is all zeros; raises where the
---  sizes differ
---@field normalize fun(self): gemini.Vector  makes itself one of length 1, and returns itself; all zeros stay so
---@operator len: integer

---@class gemini.Match
---@field index integer  of a vector in the list
---@field score number  its cosine with the query

---@class gemini.vector
---@field new fun(list: number[]): gemini.Vector  of numbers, each rounded to a float32; raises, naming the index, for
---  what is no finite number in a float32's range
---@field fromBytes fun(bytes: string): gemini.Vector  of little-endian float32; raises for a length that is no multiple
---  of four, and for NaN and infinities
---@field topK fun(query: gemini.Vector, vectors: gemini.Vector[], k: integer): gemini.Match[]  the k vectors with the
---  greatest cosine, or all where they are less: the best first, equals in the list's order; raises, naming the index,
---  for what is no vector of the query's size
return require("gemini.codec").vector
