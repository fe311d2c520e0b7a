/// The project's own name and version, as programs and peers are told them.
public enum Netmine {
  /// Version of every program, in the form "major.minor.patch".
  public static let version = "0.1.0"
}
