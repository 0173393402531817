"""Addresses of clearance, plan, comparison, approval and sheets."""

from django.urls import path

from needling.web.plans import views_approve, views_clearance, views_compare, views_plan, views_print

urlpatterns = [
    path("<uuid:chart>/clearance/", views_clearance.clearance, name="clearance"),
    path("<uuid:chart>/plan/", views_plan.plan, name="plan"),
    path("<uuid:chart>/plan/compare/", views_compare.compare, name="plan-compare"),
    path("<uuid:chart>/plan/approve/", views_approve.approve, name="plan-approve"),
    path("<uuid:chart>/plan/print/", views_print.sheets, name="plan-print"),
    path("<uuid:chart>/everything.pdf", views_print.everything, name="chart-pdf"),
    path("<uuid:chart>/plan/print/sheet.pdf", views_print.pdf, name="plan-pdf"),
]
