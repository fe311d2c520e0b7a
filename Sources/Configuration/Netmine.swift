/// The project's name and version, as programs print them and peers see them.
public enum Netmine {
  /// The version of all programs, "major.minor.patch".
  public static let version = "0.1.0"
}
