/// Suggestions for misspelled names.
enum Spelling {
  /// The candidate nearest to a word; nil if none is near enough to be a misspelling.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.count / 3)
    let near = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }.filter { $0.1 <= limit }
    return near.min { $0.1 < $1.1 }?.0
  }

  /// The number of characters to add, remove, change, or swap with the next one.
  ///
  /// Complexity: O(*n* · *m*).
  static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var before: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        var best = min(previous[column + 1], current[column]) + 1
        best = min(best, previous[column] + (left[row] == right[column] ? 0 : 1))
        let isSwap = row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
        if isSwap { best = min(best, before[column - 1] + 1) }
        current.append(best)
      }
      before = previous
      previous = current
    }
    return previous[right.count]
  }
}
