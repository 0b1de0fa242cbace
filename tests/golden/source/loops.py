@profile
def loop():
    a = []
    for i in range(4):
        a.append(bytearray(1 << 20))
    while len(a) > 2:
        a.pop()
    for i in range(3): a.append(bytearray(1 << 20))
    del a
    if False:
        never = 1
    return None

loop()
