---The types of query parameters, which the API's facts do not give. What is not here is text.
return {
  extract = "bool",
  force = "bool",
  include_input = "bool",
  overwrite = "bool",
  pageSize = "int32",
  page_size = "int32",
  recursive = "bool",
  returnPartialSuccess = "bool",
  stream = "bool",
  updateMask = "google.protobuf.FieldMask",
  update_mask = "google.protobuf.FieldMask",
}
