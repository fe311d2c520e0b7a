import EventLoop
import Glibc
import Testing

@Suite struct DescriptorLimitTests {
  @Test func raisesTheSoftLimitToTheHardOne() throws {
    let raised = try DescriptorLimit.raise()
    var limit = rlimit()
    #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    #expect(limit.rlim_cur == limit.rlim_max)
    #expect(raised == Int(clamping: limit.rlim_max))
  }
}
