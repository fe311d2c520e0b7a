import EventLoop
import Observations

extension ClockState {
  /// What the kernel reports now.
  public static func current() -> ClockState {
    let state = Clock.synchronisation()
    return ClockState(
      offset: state.offset,
      errorBound: state.errorBound,
      isSynchronised: state.isSynchronised
    )
  }
}
