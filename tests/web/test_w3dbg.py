import re
from datetime import date, timedelta
from tests.web.conftest import *
from tests.web.test_visits import *
def test_x(house):
    room=Room(house); room.post(**{"passes-0": "1"})
    t=room.client.get(f"/charts/{room.chart.id}/forecast-and-seen/?maps=1").content.decode()
    t=re.sub(r'base64[^"]*','',t)
    print(re.sub(r"\s+"," ",re.sub("<[^>]+>"," ",t.split('<h1')[1][:6000])))
    course=course_of(room.chart); print(course.ready_on(1,KB)-room.first_on)
    p=room.post(on=course.ready_on(1,KB).isoformat())
    print(re.sub(r"\s+"," ",re.sub("<[^>]+>"," ",p.content.decode()))[:1200])
    assert 0
