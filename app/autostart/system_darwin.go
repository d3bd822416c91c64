package autostart

func forThisSystem() Entry { return launchAgent{thisEnvironment()} }
