extension String {
  /// The text with `***` in place of the password of each address (`scheme://user:password@…`) and of each `password=…`,
  /// in quotes or without, as libpq and libconfig write them. Hides text that only resembles a password too.
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
