extension String {
  /// The text with `***` in place of each password of an address (`scheme://user:password@…`) and of each `password=…`,
  /// as libpq's addresses have them. Text that only looks like one is hidden too.
  var withoutSecrets: String {
    var text = self
    text.replace(/(:\/\/[^:\/@\s"]*:)[^\s"]*@/) { "\($0.output.1)***@" }
    text.replace(/(?i)(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&"]+)/) { "\($0.output.1)***" }
    return text
  }
}
