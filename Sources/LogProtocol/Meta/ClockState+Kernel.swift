import EventLoop
import Observations

extension ClockState {
  /// The clock's state as the kernel reports it now.
  public static func current() -> ClockState {
    let state = Clock.synchronisation()
    return ClockState(
      offset: state.offset,
      errorBound: state.errorBound,
      isSynchronised: state.isSynchronised
    )
  }
}
