extension String {
  /// The text with each password replaced by `***`: in addresses (`scheme://user:password@…`) and in
  /// `password=…`, with or without quotes, as libpq and libconfig write them. Text that only resembles a
  /// password is replaced too.
  var withoutSecrets: String {
    var text = self
    text.replace(/(:\/\/[^:\/@\s"]*:)[^\s"]*@/) { "\($0.output.1)***@" }
    let password =
      #/
      (?i)(password\s*[=:]\s*)
      (?: '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | [^\s&"]+ )
      /#
    text.replace(password) { "\($0.output.1)***" }
    return text
  }
}
