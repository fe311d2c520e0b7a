import ArgumentParser
import LogFiles

extension LogFormat: ExpressibleByArgument {}
