from flask import Flask

app = Flask(__name__)


@app.route('/')
def hello():
    return 'Hello World!'


@app.route('/user')
def user():
    return 'user'


def calculate(n):
    total = 0
    for i in range(n):
        total += i
    return total



@profile
@app.route('/memory')
def xrange_vs_range():
    xr = xrange(2**16)
	r  = range(2**16)

	return len(r)
