from gateway.smtp import compiled_build, session


def test_the_build_that_is_running_is_told():
    is_python = session.__file__.endswith(".py")
    assert compiled_build.IS_COMPILED is not is_python
    assert ("python" if is_python else "compiled") == compiled_build.KIND
