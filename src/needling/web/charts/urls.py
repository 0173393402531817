"""Addresses of charts; they hold ids that mean nothing outside the clinic."""

from django.urls import path

from needling.web.charts import views, views_alarm, views_correct

urlpatterns = [
    path("", views.charts, name="charts"),
    path("new/", views.new, name="chart-new"),
    path("<uuid:chart>/", views.chart, name="chart"),
    path("<uuid:chart>/correct/", views_correct.correct, name="chart-correct"),
    path("<uuid:chart>/export.json", views.export, name="chart-export"),
    path("<uuid:chart>/erase/", views.erase, name="chart-erase"),
    path("<uuid:chart>/documents/<uuid:row>/", views.document, name="document"),
    path("trail/", views.trail, name="trail"),
    path("trail/alarms/<int:number>/", views_alarm.alarm, name="alarm"),
]
